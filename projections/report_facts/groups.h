// The groups into which an indicator's figure is split.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/report_facts/attribution.h"
#include "projections/report_facts/compiled.h"
#include "projections/report_facts/records.h"

namespace caseledger::projections {

// One value of a grouping: numbers in their order, codes by their letters, last what cannot be
// attributed and what is not known.
struct GroupValue {
  int64_t order = 0;
  std::string text;  // "": not known

  static GroupValue NotAttributable() {
    return {std::numeric_limits<int64_t>::max() - 1, std::string(kNotAttributable)};
  }
  static GroupValue Unknown() { return {std::numeric_limits<int64_t>::max(), ""}; }
  auto operator<=>(const GroupValue&) const = default;
};

// One for each grouping.
using GroupKey = std::vector<GroupValue>;

// Every combination of the values that the subject has.
absl::StatusOr<std::vector<GroupKey>> GroupsOf(const std::vector<CompiledGrouping>& by,
                                               const Subject& subject, Records& records);

}  // namespace caseledger::projections
