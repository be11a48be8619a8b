// One version of the administrative units. Codes are re-used between versions, so each version is a
// record of its own.
//
// Invariants
//  1. A code is used once within the version.
//  2. A unit is registered after the unit above it: provinces have none above, districts stand
//     under provinces, communes under districts, or under provinces where there are two levels
//     only.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct AdminUnitsState {
  static constexpr uint32_t kVersion = 1;

  std::map<std::string, std::string> kinds;  // code -> kind, such as "commune"

  // Whether the record was begun, and its beginning was not voided.
  bool Exists() const { return !kinds.empty(); }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(kinds);
  }

 private:
  absl::Status CheckParent(const event::v1::AdminUnitRegistered& unit) const;
};

// Pure: same arguments, same answer. The caller runs Check on the fact as completed here.
absl::StatusOr<Decided> DecideAdminUnits(const AdminUnitsState& state, const Fact& fact,
                                         const Context& context);

}  // namespace caseledger::domain
