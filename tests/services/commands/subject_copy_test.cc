// What of a fact is handed to the person it is about.
#include "services/commands/subject_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "caseledger/options/v1/options.pb.h"
#include "google/protobuf/text_format.h"
#include "services/commands/fact_schema.h"

namespace caseledger::commands {
namespace {

using event::v1::Fact;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kHer[] = "00000000-0000-4000-8000-000000000001";
constexpr char kMergedIntoHer[] = "00000000-0000-4000-8000-000000000002";
constexpr char kOther[] = "00000000-0000-4000-8000-000000000003";

const SubjectStanding kOwn{.own = true};
const SubjectStanding kHerCase{.client = true, .alone = true};
const SubjectStanding kSharedCase{.client = true};
const SubjectStanding kComesAlong{};
const SubjectStanding kHerCall{.client = true, .alone = true, .contact = true, .spoke = true};
const SubjectStanding kCallAboutHer{.client = true, .alone = true, .contact = true};

Fact FactOf(std::string text) {
  for (const auto& [name, id] :
       {std::pair{"HER", kHer}, std::pair{"MERGED", kMergedIntoHer}, std::pair{"OTHER", kOther}}) {
    for (size_t at = 0; (at = text.find(name, at)) != std::string::npos;) {
      text.replace(at, std::string_view(name).size(), id);
    }
  }
  Fact fact;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &fact)) << text;
  return fact;
}

class SubjectCopyTest : public ::testing::Test {
 protected:
  bool IsForHer(const std::string& fact, const SubjectStanding& standing) const {
    return copy_.IsForThem(FactOf(fact), standing);
  }
  // `fact` becomes what is left; `FIELD why` of what is not.
  std::vector<std::string> TakeOut(const std::string& text, const SubjectStanding& standing) {
    left_ = FactOf(text);
    std::vector<std::string> kept;
    for (const v1::KeptBackPart& part : copy_.TakeOut(left_, standing)) {
      kept.push_back(part.field() + " " +
                     v1::KeptBackReason_Name(part.reason()).substr(sizeof("KEPT_BACK_REASON")));
    }
    return kept;
  }
  void ExpectLeft(const std::string& text) {
    EXPECT_EQ(left_.ShortDebugString(), FactOf(text).ShortDebugString());
  }

  const SubjectCopy copy_{{kHer, kMergedIntoHer}};
  Fact left_;
};

TEST_F(SubjectCopyTest, FactsThatNameOnlyOthersAreNotForHer) {
  const std::string hers = "participant_added { person_id: 'HER' role: PARTICIPANT_ROLE_CLIENT }";
  const std::string others =
      "participant_added { person_id: 'OTHER' role: PARTICIPANT_ROLE_ALLEGED_PERPETRATOR }";
  EXPECT_TRUE(IsForHer(hers, kComesAlong));
  EXPECT_FALSE(IsForHer(others, kHerCase));
  EXPECT_TRUE(IsForHer("victim_status_changed { person_id: 'MERGED' }", kComesAlong));
  EXPECT_TRUE(IsForHer(
      "contact_ban_issued { protected_person_id: 'OTHER' banned_person_id: 'HER' }", kComesAlong));
  EXPECT_TRUE(IsForHer("case_closed { reason: 'goals_met' }", kSharedCase));
  EXPECT_FALSE(IsForHer("case_closed { reason: 'goals_met' }", kComesAlong));
  // Whom a note names says nothing about the fact.
  EXPECT_TRUE(
      IsForHer("risk_assessed { findings { text: 'x' about_person_ids: 'OTHER' } }", kSharedCase));
  EXPECT_FALSE(IsForHer(
      "fact_corrected { replacement { victim_status_changed { person_id: 'OTHER' } } }", kHerCase));
  EXPECT_TRUE(
      IsForHer("relationship_recorded { other_person_id: 'OTHER' relation: 'child' }", kOwn));
}

TEST_F(SubjectCopyTest, NotesThatNameOthersStayBehind) {
  const std::string both =
      "risk_assessed { risk: RISK_HIGH findings { text: 'x' "
      "about_person_ids: 'HER' about_person_ids: 'OTHER' } }";
  for (const SubjectStanding& standing : {kOwn, kHerCase, kSharedCase}) {
    EXPECT_THAT(TakeOut(both, standing), ElementsAre("risk_assessed.findings OTHERS"));
    ExpectLeft("risk_assessed { risk: RISK_HIGH }");
  }
  const std::string hers = "risk_assessed { findings { text: 'x' about_person_ids: 'MERGED' } }";
  for (const SubjectStanding& standing : {kOwn, kHerCase, kSharedCase, kComesAlong}) {
    EXPECT_THAT(TakeOut(hers, standing), IsEmpty());
    ExpectLeft(hers);
  }
}

TEST_F(SubjectCopyTest, OfACaseOfOthersTheNoteAboutHerAlone) {
  const std::string hers =
      "risk_assessed { risk: RISK_HIGH findings { text: 'x' about_person_ids: 'HER' } }";
  EXPECT_TRUE(IsForHer(hers, kComesAlong));
  EXPECT_THAT(TakeOut(hers, kComesAlong), ElementsAre("risk_assessed.risk OTHERS"));
  ExpectLeft("risk_assessed { findings { text: 'x' about_person_ids: 'HER' } }");
}

TEST_F(SubjectCopyTest, NotesThatNameNobodyGoWithWhomTheRecordIsAbout) {
  const std::string note = "risk_assessed { findings { text: 'x' } }";
  EXPECT_THAT(TakeOut(note, kHerCase), IsEmpty());
  EXPECT_THAT(TakeOut("data_request_received { note { text: 'x' } }", kOwn), IsEmpty());
  EXPECT_THAT(TakeOut(note, kSharedCase), ElementsAre("risk_assessed.findings OTHERS"));
  EXPECT_THAT(TakeOut(note, kComesAlong), ElementsAre("risk_assessed.findings OTHERS"));
  const std::string plan = "plan_drafted { plan_id: 'p' private_part { text: 'x' } }";
  EXPECT_THAT(TakeOut(plan, kHerCase), IsEmpty());
  EXPECT_THAT(TakeOut(plan, kSharedCase), ElementsAre("plan_drafted.private_part OTHERS"));
}

TEST_F(SubjectCopyTest, WhoCalledIsToldToNobodyElse) {
  const std::string call =
      "contact_received { channel: 'phone' caller_role: 'victim' note { text: 'x' } "
      "private_part { caller_name: 'n' caller_phone: 'p' } }";
  EXPECT_THAT(TakeOut(call, kHerCall), IsEmpty());
  ExpectLeft(call);
  EXPECT_THAT(TakeOut(call, kCallAboutHer),
              ElementsAre("contact_received.caller_role REPORTER", "contact_received.note REPORTER",
                          "contact_received.private_part REPORTER"));
  ExpectLeft("contact_received { channel: 'phone' }");
  // She called, but about others, too.
  SubjectStanding shared = kHerCall;
  shared.alone = false;
  EXPECT_EQ(TakeOut(call, shared).size(), 3U);
  // It names her, and still tells who said it.
  EXPECT_THAT(
      TakeOut("contact_received { note { text: 'x' about_person_ids: 'HER' } }", kCallAboutHer),
      ElementsAre("contact_received.note REPORTER"));
}

TEST_F(SubjectCopyTest, IdsOfOthersGo) {
  EXPECT_THAT(TakeOut("relationship_recorded { other_person_id: 'OTHER' relation: 'child' }", kOwn),
              ElementsAre("relationship_recorded.other_person_id OTHERS"));
  ExpectLeft("relationship_recorded { relation: 'child' }");
  EXPECT_THAT(TakeOut("service_delivered { beneficiary_person_ids: 'OTHER' "
                      "beneficiary_person_ids: 'HER' }",
                      kSharedCase),
              ElementsAre("service_delivered.beneficiary_person_ids OTHERS"));
  ExpectLeft("service_delivered { beneficiary_person_ids: 'HER' }");
  EXPECT_THAT(
      TakeOut("persons_merged { survivor_person_id: 'HER' merged_person_id: 'MERGED' }", kOwn),
      IsEmpty());
}

TEST_F(SubjectCopyTest, CorrectionsAreLookedThrough) {
  EXPECT_THAT(TakeOut("fact_corrected { replacement { risk_assessed { findings { text: 'x' "
                      "about_person_ids: 'OTHER' } } } reason: 'r' }",
                      kHerCase),
              ElementsAre("fact_corrected.replacement.risk_assessed.findings OTHERS"));
  ExpectLeft("fact_corrected { replacement { risk_assessed { } } reason: 'r' }");
}

TEST_F(SubjectCopyTest, ThePlaceOfAShelterIsNeverTold) {
  for (const SubjectStanding& standing : {kOwn, kHerCase, kComesAlong}) {
    Fact fact = FactOf("shelter_registered { private_part { address: 'somewhere' } }");
    EXPECT_EQ(copy_.TakeOut(fact, standing).size(), 1U);
    EXPECT_EQ(fact.DebugString().find("somewhere"), std::string::npos);
  }
}

// The code reads these fields as one message: see ReasonForNote.
TEST_F(SubjectCopyTest, SealedPartsAreSingular) {
  const auto& fact = *Fact::descriptor();
  size_t parts = 0;
  for (int i = 0; i < fact.field_count(); ++i) {
    const auto* type = fact.field(i)->message_type();
    for (int j = 0; type != nullptr && j < type->field_count(); ++j) {
      const auto subject = type->field(j)->options().GetExtension(options::v1::sealed_by);
      if (subject == options::v1::SUBJECT_UNSPECIFIED) continue;
      EXPECT_FALSE(type->field(j)->is_repeated()) << type->field(j)->full_name();
      ++parts;
    }
  }
  EXPECT_GT(parts, 10U);
}

}  // namespace
}  // namespace caseledger::commands
