// An agency and the roles of its staff.
//
// Invariants
//  1. It is registered once and first, and retires at most once.
//  2. A retired agency takes no new work: no change and no grant. Roles go on until they are ended,
//     so that its staff can finish what is open.
//  3. Keys of grants are used once; a grant ends at most once, or at its expiry.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct AgencyState {
  static constexpr uint32_t kVersion = 1;

  struct Grant {
    std::string person_name;  // the agency's own name for the staff member
    std::string role;
    Micros expires_at = 0;  // 0: until ended
    bool ended = false;

    template <typename Archive>
    void Fields(Archive& archive) {
      archive(person_name, role, expires_at, ended);
    }
  };

  bool registered = false;
  bool retired = false;
  std::map<std::string, Grant> grants;  // by key

  bool IsActive() const { return registered && !retired; }

  // Whether the record was begun, and its beginning was not voided.
  bool Exists() const { return registered; }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(registered, retired, grants);
  }

 private:
  absl::Status CheckGrant(const DomainEvent& event) const;
  absl::Status CheckGrantEnd(const std::string& grant_id) const;
};

// Pure: same arguments, same answer. The caller runs Check on the fact as completed here.
absl::StatusOr<Decided> DecideAgency(const AgencyState& state, const Fact& fact,
                                     const Context& context);

// The roles a staff member has at `at`. `state` is as of `at`.
std::set<std::string> RolesOf(const AgencyState& state, std::string_view person_name, Micros at);

}  // namespace caseledger::domain
