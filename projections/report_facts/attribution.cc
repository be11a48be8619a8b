#include "projections/report_facts/attribution.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "eventstore/base/status_macros.h"

namespace caseledger::projections {

using event::v1::Fact;

absl::StatusOr<std::unique_ptr<Attribution>> Attribution::Load(FactsAsOf& facts) {
  std::unique_ptr<Attribution> loaded(new Attribution());
  RETURN_IF_ERROR(facts.VisitByTime(Fact::kAdminUnitRegistered, kBeginOfTime, kEndOfTime,
                                    [&](const Timeline&, const FactInForce& fact) {
                                      loaded->units_.Add(fact.fact.admin_unit_registered());
                                      return absl::OkStatus();
                                    }));
  RETURN_IF_ERROR(facts.VisitByTime(Fact::kUnitSuccessionRecorded, kBeginOfTime, kEndOfTime,
                                    [&](const Timeline&, const FactInForce& fact) {
                                      loaded->successions_.Add(
                                          fact.fact.unit_succession_recorded());
                                      return absl::OkStatus();
                                    }));
  return loaded;
}

Belongs Attribution::BelongsTo(const std::string& unit, const std::set<std::string>& places) {
  const auto [known, is_new] = known_.try_emplace({&places, unit}, Belongs::kNo);
  if (is_new) known->second = Find(unit, places);
  return known->second;
}

Belongs Attribution::Find(const std::string& unit, const std::set<std::string>& places) {
  std::set<std::string> versions;
  for (const std::string& place : places) versions.insert(VersionOf(place));
  if (versions.contains(VersionOf(unit))) {
    return units_.IsWithin(unit, places) ? Belongs::kYes : Belongs::kNo;
  }
  Belongs answer = Belongs::kNo;
  for (const std::string& version : versions) {
    const Belongs in_version = FindIn(version, unit, places);
    if (in_version == Belongs::kYes) return Belongs::kYes;
    if (in_version == Belongs::kNotAttributable) answer = in_version;
  }
  return answer;
}

Belongs Attribution::FindIn(const std::string& version, const std::string& unit,
                            const std::set<std::string>& places) {
  const std::optional<std::set<std::string>>& cover = successions_.CoverOf(unit, version);
  if (!cover.has_value()) return Belongs::kNotAttributable;
  const auto is_within = [&](const std::string& each) { return units_.IsWithin(each, places); };
  if (std::all_of(cover->begin(), cover->end(), is_within)) return Belongs::kYes;
  // A unit above one of the places holds more than it.
  const bool touches = std::any_of(cover->begin(), cover->end(), is_within) ||
                       std::any_of(places.begin(), places.end(), [&](const std::string& place) {
                         return units_.IsWithin(place, *cover);
                       });
  return touches ? Belongs::kNotAttributable : Belongs::kNo;
}

std::string Attribution::GroupOf(const std::string& unit, const std::set<std::string>& kinds,
                                 const std::string& version) {
  const auto [known, is_new] = groups_.try_emplace({&kinds, unit, version});
  if (is_new) known->second = FindGroup(unit, kinds, version);
  return known->second;
}

std::string Attribution::FindGroup(const std::string& unit, const std::set<std::string>& kinds,
                                   const std::string& version) {
  const auto above = [&](const std::string& each) {
    return kinds.empty() ? each : units_.OfKind(each, kinds);
  };
  if (version.empty() || VersionOf(unit) == version) return above(unit);
  const std::optional<std::set<std::string>>& cover = successions_.CoverOf(unit, version);
  std::set<std::string> groups;
  if (cover.has_value()) {
    for (const std::string& each : *cover) groups.insert(above(each));
  }
  if (groups.size() != 1 || groups.begin()->empty()) return std::string(kNotAttributable);
  return *groups.begin();
}

}  // namespace caseledger::projections
