// Who takes part in a case, and where the identification of its victims stands.
//
// Invariants
//  1. A person takes part at most once at a time; roles change only while the person takes part.
//  2. Victim status begins at suspected and goes on as `MayFollow` says. It stays with the person
//     when the person leaves the case and comes back.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct Participants {
  std::map<std::string, event::v1::ParticipantRole> roles;  // of those present, by person id
  std::map<std::string, event::v1::VictimStatus> victim_status;

  bool Has(const std::string& person_id) const { return roles.contains(person_id); }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(roles, victim_status);
  }

 private:
  absl::Status CheckVictimStatus(const event::v1::VictimStatusChanged& changed) const;
};

// Whether a victim's status may become `next`; `UNSPECIFIED` is the status of someone who has none.
bool MayFollow(event::v1::VictimStatus now, event::v1::VictimStatus next);

}  // namespace caseledger::domain
