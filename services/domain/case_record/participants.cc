#include "services/domain/case_record/participants.h"

#include "services/domain/case_record/lookup.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {

bool MayFollow(event::v1::VictimStatus now, event::v1::VictimStatus next) {
  using namespace event::v1;  // NOLINT: only its enumerators
  switch (static_cast<int>(next)) {
    case VICTIM_STATUS_SUSPECTED:
      return now == VICTIM_STATUS_UNSPECIFIED || now == VICTIM_STATUS_REFUTED;
    case VICTIM_STATUS_IDENTIFYING:
      return now == VICTIM_STATUS_SUSPECTED;
    case VICTIM_STATUS_CONFIRMED:
      return now == VICTIM_STATUS_SUSPECTED || now == VICTIM_STATUS_IDENTIFYING;
    case VICTIM_STATUS_REFUTED:  // from confirmed: new findings
      return now == VICTIM_STATUS_SUSPECTED || now == VICTIM_STATUS_IDENTIFYING ||
             now == VICTIM_STATUS_CONFIRMED;
    default:
      return false;
  }
}

void Participants::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kParticipantAdded:
      roles[fact.participant_added().person_id()] = fact.participant_added().role();
      break;
    case Fact::kParticipantRoleChanged:
      if (auto* role = Find(roles, fact.participant_role_changed().person_id())) {
        *role = fact.participant_role_changed().role();
      }
      break;
    case Fact::kParticipantRemoved:
      roles.erase(fact.participant_removed().person_id());
      break;
    case Fact::kVictimStatusChanged:
      victim_status[fact.victim_status_changed().person_id()] =
          fact.victim_status_changed().status();
      break;
    default:
      break;
  }
}

absl::Status Participants::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kParticipantAdded: {
      const std::string& person = fact.participant_added().person_id();
      return Has(person) ? Reject(Reason::kAlreadyParticipant, person) : absl::OkStatus();
    }
    case Fact::kVictimStatusChanged:
      return CheckVictimStatus(fact.victim_status_changed());
    default:
      return absl::OkStatus();
  }
}

absl::Status Participants::CheckVictimStatus(const event::v1::VictimStatusChanged& changed) const {
  const std::string& person = changed.person_id();
  const auto it = victim_status.find(person);
  const auto now = it == victim_status.end() ? event::v1::VICTIM_STATUS_UNSPECIFIED : it->second;
  if (changed.status() == now) return Reject(Reason::kVictimStatusRepeated, person);
  if (!MayFollow(now, changed.status())) return Reject(Reason::kVictimStatusNotNext, person);
  return absl::OkStatus();
}

}  // namespace caseledger::domain
