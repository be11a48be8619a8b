// To which place a fact belongs whose unit may be of another version than the one asked for.
//
// A fact is never divided. It belongs to a place when all that its unit became, or was made of,
// lies there; it does not when all of that lies elsewhere; else nobody can tell.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "projections/report_facts/facts_as_of.h"
#include "projections/report_facts/successions.h"
#include "projections/report_facts/units.h"

namespace caseledger::projections {

enum class Belongs { kNo, kYes, kNotAttributable };

// What a group is called that holds what cannot be attributed. No unit is: those have an `@`.
inline constexpr std::string_view kNotAttributable = "not_attributable";

// Each question is answered once and remembered. Not thread-safe.
class Attribution {
 public:
  // Units and successions as known then. DATA_LOSS on damage.
  static absl::StatusOr<std::unique_ptr<Attribution>> Load(FactsAsOf& facts);

  // Whether the unit lies in `places`, taken together. Those of its own version decide when there
  // are any; else what the unit is in the versions of the others. `places` must stay where they
  // are.
  Belongs BelongsTo(const std::string& unit, const std::set<std::string>& places);

  // The unit of the version in which it lies: itself, or the one above it that is of one of `kinds`
  // when there are any. "": none, in the unit's own version. kNotAttributable: not in one.
  // An empty version is the unit's own. `kinds` must stay where they are.
  std::string GroupOf(const std::string& unit, const std::set<std::string>& kinds,
                      const std::string& version);

 private:
  Attribution() : successions_(units_) {}

  Belongs Find(const std::string& unit, const std::set<std::string>& places);
  Belongs FindIn(const std::string& version, const std::string& unit,
                 const std::set<std::string>& places);
  std::string FindGroup(const std::string& unit, const std::set<std::string>& kinds,
                        const std::string& version);

  Units units_;
  Successions successions_;
  using Set = const std::set<std::string>*;
  absl::flat_hash_map<std::pair<Set, std::string>, Belongs> known_;
  absl::flat_hash_map<std::tuple<Set, std::string, std::string>, std::string> groups_;
};

}  // namespace caseledger::projections
