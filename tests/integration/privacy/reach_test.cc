// How far an erasure reaches: cases and contacts of one person and of several, companions, merged
// records, and the figures that must not move.
#include "tests/integration/privacy/erasure_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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

TEST_F(ReachOfAnErasure, TakesWhatIsAboutNobodyElseAndLeavesTheRest) {
  const std::string erased = Register("Vũ Thị Xóa");
  const std::string other = Register("Đỗ Văn Còn");
  CaseOf("alone", {{erased, "CLIENT"}}, ContactOf("Người Gọi Một"));
  CaseOf("shared", {{erased, "CLIENT"}, {other, "CLIENT"}}, ContactOf("Người Gọi Hai"));
  CaseOf("companion", {{other, "CLIENT"}, {erased, "COMPANION"}});
  Prepare(erased);
  Erase(erased);
  EXPECT_TRUE(Eventually([&] { return Everything().find("Vũ Thị Xóa") == std::string::npos; }));
  const std::string left = Everything();
  for (const char* gone :
       {"Người Gọi Một", "opening of alone", "plan of alone", "findings of alone",
        "findings of shared about 0", "findings of companion about 1"}) {
    EXPECT_THAT(left, Not(HasSubstr(gone)));
  }
  for (const char* kept :
       {"Đỗ Văn Còn", "Người Gọi Hai", "note of Người Gọi Hai", "opening of shared",
        "plan of shared", "findings of shared about 1", "opening of companion", "plan of companion",
        "findings of companion about 0"}) {
    EXPECT_THAT(left, HasSubstr(kept));
  }

  // The last one who was in them is erased, too.
  Prepare(other);
  Erase(other);
  EXPECT_TRUE(Eventually([&] { return Everything().find("Đỗ Văn Còn") == std::string::npos; }));
  const std::string nothing = Everything();
  for (const char* gone : {"Người Gọi", "opening of", "plan of", "findings of", "call of"}) {
    EXPECT_THAT(nothing, Not(HasSubstr(gone)));
  }
  Stop();
  Start();
  EXPECT_EQ(Everything(), nothing);
}

TEST_F(ReachOfAnErasure, TakesTheRecordsThatWereMergedIntoThePerson) {
  const std::string person = Register("Vũ Thị Xóa");
  const std::string twice = Register("Vũ Xóa Hai");
  const std::string kept = Register("Đỗ Văn Còn");
  CaseOf("twice", {{twice, "CLIENT"}}, ContactOf("Người Gọi Một"));
  Client client(cast_, kPrivacyLedger);
  client.Record(person, "persons_merged { merged_person_id: '" + twice + "' }");
  Prepare(person);
  Erase(person);
  EXPECT_TRUE(Eventually([&] {
    const std::string left = Everything();
    return left.find("Vũ Thị Xóa") == std::string::npos &&
           left.find("Vũ Xóa Hai") == std::string::npos;
  }));
  const std::string left = Everything();
  for (const char* gone : {"Người Gọi Một", "plan of twice", "findings of twice", "call of Vũ"}) {
    EXPECT_THAT(left, Not(HasSubstr(gone)));
  }
  EXPECT_THAT(left, HasSubstr("Đỗ Văn Còn"));
}

}  // namespace
}  // namespace caseledger::testing
