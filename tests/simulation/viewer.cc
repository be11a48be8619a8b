#include "tests/simulation/viewer.h"

#include <map>
#include <memory>
#include <utility>

#include "eventstore/base/strings.h"
#include "tests/simulation/digest.h"

namespace caseledger::simulation {
namespace {

constexpr Micros kLongestPause = 30'000;

}  // namespace

Viewer::Viewer(World& world, eventstore::EventLog& log, projections::Runtime& runtime,
               std::vector<std::string> names, uint64_t seed)
    : world_(world), log_(log), runtime_(runtime), names_(std::move(names)), random_(seed) {}

void Viewer::Run() {
  while (!world_.is_over() && world_.writers > 0) {
    const std::string& name = random_.Pick(names_);
    if (random_.OneIn(5)) {
      const absl::Status begun = runtime_.Rebuild(name);
      // One may be running.
      if (!begun.ok() && !absl::IsFailedPrecondition(begun)) {
        world_.Breach(StrCat("Rebuild: ", begun.ToString()));
      }
    }
    Look(name);
    world_.scheduler.Sleep(random_.Between(1, kLongestPause));
  }
  for (const std::string& name : names_) {
    if (!world_.is_over()) Look(name);
  }
}

void Viewer::Look(const std::string& name) {
  const uint64_t wanted = random_.OneIn(2) ? 0 : world_.model.acknowledged_end();
  const auto rows = runtime_.View(name, wanted, absl::Hours(1));
  if (!rows.ok()) {
    const bool is_right =
        absl::IsUnavailable(rows.status()) && (world_.is_closing || world_.may_fail);
    if (!is_right) world_.Breach(StrCat("View: ", rows.status().ToString()));
    return;
  }
  if ((*rows)->applied_events() < wanted) return world_.Breach("a view is older than asked for");
  uint64_t& newest_seen = newest_seen_[name];
  if ((*rows)->applied_events() < newest_seen) return world_.Breach("a view goes back");
  newest_seen = (*rows)->applied_events();
  Compare(name, **rows);
}

void Viewer::Compare(const std::string& name, const projections::ReadSnapshot& rows) {
  const uint64_t events = rows.applied_events();
  if (!world_.Learn(log_, events)) return;
  std::map<std::string, std::string> found;
  const absl::Status scanned = rows.Scan("", "", [&](std::string_view key, std::string_view value) {
    found.emplace(key, value);
    return true;
  });
  world_.scheduler.Note(StrCat(name, " shows ", events));
  if (!scanned.ok()) return world_.Breach(StrCat("Scan: ", scanned.ToString()));
  if (found != DigestOf(world_.model, events)) {
    world_.Breach(StrCat(name, " is not the fold of ", events, " events"));
  }
}

}  // namespace caseledger::simulation
