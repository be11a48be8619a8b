// Cases and contacts of persons who are to be erased.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/integration/privacy/erasure_fixture.h"

namespace caseledger::testing {

class ReachOfAnErasure : public ErasureOfAPerson {
 protected:
  static std::string NoteOf(const std::string& text, const std::string& about = "") {
    return "note { text: '" + text + "'" +
           (about.empty() ? std::string() : " about_person_ids: '" + about + "'") + " }";
  }
  std::string ContactOf(const std::string& caller) {
    const std::string contact = NewUuid();
    Client client(cast_, kPrivacyLedger);
    client.Record(contact, "contact_received { channel: 'phone' " + NoteOf("note of " + caller) +
                               " private_part { caller_name: '" + caller + "' } }");
    return contact;
  }
  // A closed case with these persons by role, a note about nobody in particular, and a plan.
  std::string CaseOf(const std::string& name,
                     const std::vector<std::pair<std::string, std::string>>& persons,
                     const std::string& contact = "") {
    const std::string id = NewUuid();
    Client client(cast_, kPrivacyLedger);
    client.Record(id,
                  "case_opened { case_type: 'gender_based_violence' owner_agency_id: 'ctxh-qn' "
                  "owner_worker_id: 'nv-07' " +
                      (contact.empty() ? "" : "source_contact_id: '" + contact + "' ") +
                      NoteOf("opening of " + name) + " }");
    for (const auto& [person, role] : persons) {
      client.Record(id, "participant_added { person_id: '" + person + "' role: PARTICIPANT_ROLE_" +
                            role + " }");
    }
    client.Record(id,
                  "plan_drafted { plan_id: 'p' private_part { text: 'plan of " + name + "' } }");
    for (size_t i = 0; i < persons.size(); ++i) {
      client.Record(id, "risk_assessed { risk: RISK_HIGH findings { text: 'findings of " + name +
                            " about " + std::to_string(i) + "' about_person_ids: '" +
                            persons[i].first + "' } }");
    }
    client.Record(id, "case_closed { reason: 'goals_met' }");
    return id;
  }
};

}  // namespace caseledger::testing
