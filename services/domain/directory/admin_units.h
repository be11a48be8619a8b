// One version of the administrative units. Codes are re-used between versions, so each version is a
// record of its own.
//
// What a unit took over from units of other versions is said in the record of the version that has
// the unit: a reform makes a new version and says of what it is made.
//
// Invariants
//  1. A code is used once within the version.
//  2. A unit is registered after the unit above it: provinces have none above, districts stand
//     under provinces, communes under districts, or under provinces where there are two levels
//     only.
//  3. What took over is registered before it is said what it took over; what was taken over is of
//     another version, and once the same for the same two units. Whether the other version has such
//     a unit is not for this record to know: facts that name unknown units are flagged.
//  4. The shares of one unit that was taken over make up no more than all of it, but for
//     kMostRoundingMillionths.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"

namespace caseledger::domain {

inline constexpr uint32_t kWholeMillionths = 1'000'000;

// By how much shares may add up to more than the whole. A file gives them rounded, often to three
// or four decimals: three thirds may be 0.334 each, twenty parts 0.00005 off each.
inline constexpr uint32_t kMostRoundingMillionths = 2'000;

struct AdminUnitsState {
  static constexpr uint32_t kVersion = 2;

  std::map<std::string, std::string> kinds;  // code -> kind, such as "commune"
  // CODE@VERSION of another version -> code of this one -> millionths of the former.
  std::map<std::string, std::map<std::string, uint32_t>> taken_over;

  // Whether the record was begun, and its beginning was not voided.
  bool Exists() const { return !kinds.empty(); }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(kinds, taken_over);
  }

 private:
  absl::Status CheckParent(const event::v1::AdminUnitRegistered& unit) const;
  absl::Status CheckSuccession(const event::v1::UnitSuccessionRecorded& succession) const;
};

// Pure: same arguments, same answer. The caller runs Check on the fact as completed here.
absl::StatusOr<Decided> DecideAdminUnits(const AdminUnitsState& state, const Fact& fact,
                                         const Context& context);

}  // namespace caseledger::domain
