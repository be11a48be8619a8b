#include "projections/report_facts/successions.h"

#include <algorithm>
#include <cstdint>

namespace caseledger::projections {
namespace {

// Shares are rounded: from here on they are the whole. The other side of what the domain lets them
// be above it (kMostRoundingMillionths).
constexpr uint64_t kWholeMillionths = 1'000'000 - 2'000;

constexpr size_t kMostSteps = 6;  // from version to version
constexpr size_t kMostWays = 50;  // tried between two versions
constexpr size_t kMostUnits = 10'000;
constexpr int kMostLevels = 16;

}  // namespace

void Successions::Add(const event::v1::UnitSuccessionRecorded& succession) {
  const std::string& from = succession.predecessor().version();
  const std::string& to = succession.version();
  const std::string before = UnitName(succession.predecessor().code(), from);
  const std::string after = UnitName(succession.code(), to);
  if (from == to || before.empty() || after.empty()) return;
  after_[{before, to}][after] = succession.share_millionths();
  before_[{after, from}].insert(before);
  next_versions_[from].insert(to);
  next_versions_[to].insert(from);
}

const Successions::Cover& Successions::CoverOf(const std::string& unit,
                                               const std::string& version) {
  const auto [cover, is_new] = covers_.try_emplace({unit, version});
  if (!is_new) return cover->second;
  for (const Way& way : WaysBetween(VersionOf(unit), version)) {
    cover->second = FollowWay(unit, way);
    if (cover->second.has_value()) break;
  }
  return cover->second;
}

// No version twice, so that circles end; the shortest first, then by names.
const std::vector<Successions::Way>& Successions::WaysBetween(const std::string& from,
                                                              const std::string& to) {
  const auto [known, is_new] = ways_.try_emplace({from, to});
  std::vector<Way>& found = known->second;
  if (!is_new) return found;
  std::vector<Way> begun = {{from}};
  for (size_t steps = 0; steps < kMostSteps && !begun.empty(); ++steps) {
    std::vector<Way> longer;
    for (const Way& way : begun) {
      const auto next = next_versions_.find(way.back());
      if (next == next_versions_.end()) continue;
      for (const std::string& version : next->second) {
        if (std::find(way.begin(), way.end(), version) != way.end()) continue;
        if (found.size() + longer.size() >= kMostWays) return found;
        std::vector<Way>& into = version == to ? found : longer;
        into.push_back(way);
        into.back().push_back(version);
      }
    }
    begun = std::move(longer);
  }
  return found;
}

Successions::Cover Successions::FollowWay(const std::string& unit, const Way& way) const {
  std::set<std::string> units = {unit};
  for (size_t i = 1; i < way.size(); ++i) {
    std::set<std::string> next;
    for (const std::string& each : units) {
      const Cover cover = Step(each, way[i]);
      if (!cover.has_value() || next.size() + cover->size() > kMostUnits) return std::nullopt;
      next.insert(cover->begin(), cover->end());
    }
    units = std::move(next);
  }
  return units;
}

Successions::Cover Successions::Step(std::string unit, const std::string& version) const {
  for (int level = 0; level < kMostLevels && !unit.empty(); ++level) {
    Cover cover = OwnStep(unit, version);
    if (cover.has_value()) return cover;
    unit = units_.Parent(unit);
  }
  return std::nullopt;
}

Successions::Cover Successions::OwnStep(const std::string& unit, const std::string& version) const {
  if (const auto after = after_.find({unit, version}); after != after_.end()) {
    uint64_t sum = 0;
    std::set<std::string> units;
    for (const auto& [each, share] : after->second) {
      sum += share;
      units.insert(each);
    }
    if (sum >= kWholeMillionths) return units;
  }
  const auto before = before_.find({unit, version});
  return before == before_.end() ? Cover() : Cover(before->second);
}

}  // namespace caseledger::projections
