#include "services/commands/took_part.h"

namespace caseledger::commands {
namespace {

using event::v1::ParticipantRole;

bool IsCaredFor(ParticipantRole role) {
  return role == ParticipantRole::PARTICIPANT_ROLE_CLIENT ||
         role == ParticipantRole::PARTICIPANT_ROLE_COMPANION;
}

}  // namespace

TookPart WhoTookPart(const StreamHistory& history) {
  TookPart persons;
  const auto add = [&persons](const std::string& person, ParticipantRole role) {
    (IsCaredFor(role) ? persons.cared_for : persons.others).insert(person);
  };
  for (const domain::DomainEvent& event : history.timeline.in_order()) {
    const domain::Fact& fact = *event.fact;
    if (fact.has_participant_added()) {
      add(fact.participant_added().person_id(), fact.participant_added().role());
    } else if (fact.has_participant_role_changed()) {
      add(fact.participant_role_changed().person_id(), fact.participant_role_changed().role());
    }
  }
  for (const std::string& person : persons.cared_for) persons.others.erase(person);
  return persons;
}

}  // namespace caseledger::commands
