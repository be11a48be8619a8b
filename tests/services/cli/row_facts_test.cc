// What rows of the sample say.
#include "services/app/cli/import/row_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/app/cli/text/time_text.h"
#include "tests/services/cli/import_fixture.h"

namespace caseledger::cli {
namespace {

using testing::ElementsAre;

Micros At(const char* text) { return ParseTime(text)->micros; }

class SampleRows : public testing::Test {
 protected:
  std::vector<PlannedFact> Facts(const std::string& file, const std::string& row_key) const {
    return FactsOf(facts_, file, row_key);
  }
  const Loaded sample_ = LoadSample();
  const RowContext context_ = sample_.Context();
  const std::vector<PlannedFact> facts_ = FactsOfDataset(context_);
};

TEST_F(SampleRows, AContactIsReceivedClassifiedAndEnded) {
  const auto facts = Facts("contacts.csv", "C-2024-01891");
  ASSERT_THAT(NamesOf(facts),
              ElementsAre("contact_received", "contact_classified", "contact_ended"));
  const auto& received = facts[0].fact.contact_received();
  EXPECT_EQ(received.external_ref().source(), "qn-csv");
  EXPECT_EQ(received.external_ref().value(), "C-2024-01891");
  EXPECT_EQ(received.channel(), "zalo");
  EXPECT_EQ(received.line(), "18001769");
  EXPECT_EQ(received.operator_id(), "op-3");
  EXPECT_FALSE(received.has_unit());
  EXPECT_EQ(facts[0].occurred_at, At("2023-12-31T23:30:00+07:00"));
  EXPECT_EQ(facts[1].fact.contact_classified().main_topic(), "child");
  EXPECT_EQ(facts[2].fact.contact_ended().outcome(), event::v1::CONTACT_OUTCOME_COUNSELLED);
  EXPECT_EQ(facts[2].occurred_at, At("2023-12-31T23:45:00+07:00"));
  EXPECT_EQ(facts[0].record_id, facts[2].record_id);
}

TEST_F(SampleRows, APersonIsRegisteredWhenOthersFirstReferToIt) {
  const auto facts = Facts("persons.csv", "P-2024-0002");
  ASSERT_THAT(NamesOf(facts), ElementsAre("person_registered"));
  EXPECT_EQ(facts[0].occurred_at, At("2024-04-11T06:17:57+07:00"));
  EXPECT_EQ(facts[0].precision, event::v1::TIME_PRECISION_UNKNOWN);
  const auto& person = facts[0].fact.person_registered().attributes();
  EXPECT_EQ(person.birth_year(), 1996u);
  EXPECT_EQ(person.private_part().birth_date(), "1996-02-11");
  EXPECT_EQ(person.private_part().full_name(), "Nguyễn Văn Dung");
  EXPECT_EQ(person.private_part().phone(), "0000454878");
  EXPECT_EQ(person.unit().code(), "200");
  EXPECT_EQ(person.unit().version(), "2024");
}

TEST_F(SampleRows, ACaseIsOpenedClosedAndReopenedForItsOwner) {
  const auto facts = Facts("cases.csv", "CASE-2024-0001");
  ASSERT_THAT(NamesOf(facts), ElementsAre("case_opened", "case_closed", "case_reopened"));
  const auto& opened = facts[0].fact.case_opened();
  EXPECT_THAT(opened.concerns(), ElementsAre("at_risk_special_circumstances", "case_management"));
  EXPECT_EQ(opened.owner_agency_id(), "vp-damha");
  EXPECT_EQ(opened.risk(), event::v1::RISK_MEDIUM);
  EXPECT_EQ(facts[0].on_behalf_of, "vp-damha");
  EXPECT_EQ(facts[1].fact.case_closed().reason(), "goals_met");
  EXPECT_EQ(facts[2].occurred_at, At("2024-06-25T19:59:59+07:00"));
}

TEST_F(SampleRows, ParticipantsJoinWhenTheCaseOpens) {
  const auto facts = Facts("participants.csv", "CASE-2024-0001/P-2024-0001");
  ASSERT_THAT(NamesOf(facts), ElementsAre("participant_added"));
  EXPECT_EQ(facts[0].occurred_at, At("2024-04-11T06:17:57+07:00"));
  EXPECT_EQ(facts[0].fact.participant_added().role(), event::v1::PARTICIPANT_ROLE_CLIENT);
  EXPECT_EQ(facts[0].record_id, Facts("cases.csv", "CASE-2024-0001")[0].record_id);
}

TEST_F(SampleRows, ConsentsHaveKeysThatKeepTheServersRule) {
  const auto facts = Facts("consents.csv", "P-2024-0001/2024-04-11T06:17:57+07:00");
  ASSERT_THAT(NamesOf(facts), ElementsAre("consent_given"));
  EXPECT_EQ(facts[0].fact.consent_given().consent_id(), "P-2024-0001/2024-04-10T23:17:57Z");
  EXPECT_THAT(facts[0].fact.consent_given().purposes(), ElementsAre("services", "sharing"));
}

TEST_F(SampleRows, SessionsFindTheirCaseThroughTheEpisode) {
  const auto session = Facts("therapy_sessions.csv", "TS-2024-00415");
  const auto episode = Facts("therapy_episodes.csv", "T-2024-0028");
  ASSERT_THAT(NamesOf(session), ElementsAre("therapy_session_held"));
  EXPECT_EQ(session[0].record_id, episode[0].record_id);
  EXPECT_EQ(session[0].fact.therapy_session_held().minutes(), 45u);
}

TEST_F(SampleRows, AReferralIsTheSendersAndItsAnswersTheReceivers) {
  const auto accepted = Facts("referrals.csv", "R-2024-0003");
  ASSERT_THAT(NamesOf(accepted),
              ElementsAre("referral_sent", "referral_accepted", "referral_completed"));
  EXPECT_EQ(accepted[0].on_behalf_of, "ctxh-qn");
  EXPECT_EQ(accepted[1].on_behalf_of, "ca-tinh");
  const auto declined = Facts("referrals.csv", "R-2024-0006");
  ASSERT_THAT(NamesOf(declined), ElementsAre("referral_sent", "referral_declined"));
  EXPECT_EQ(declined[1].fact.referral_declined().reason(), "no_capacity");
}

TEST_F(SampleRows, AStayIsRequestedAdmittedAndDischarged) {
  const auto facts = Facts("shelter_stays.csv", "ST-2024-0004");
  ASSERT_THAT(NamesOf(facts),
              ElementsAre("placement_requested", "resident_admitted", "resident_discharged"));
  EXPECT_THAT(facts[0].fact.placement_requested().companion_person_ids(),
              ElementsAre(context_.RecordId("persons", "P-2024-0170")));
  EXPECT_THAT(NamesOf(Facts("shelter_stays.csv", "ST-2024-0006")),
              ElementsAre("placement_requested", "resident_admitted"));
}

TEST_F(SampleRows, AProgrammesEndIsAFactOfItsOwn) {
  const auto facts = Facts("programmes.csv", "M-2024-0019");
  ASSERT_THAT(NamesOf(facts), ElementsAre("programme_recorded", "programme_ended"));
  EXPECT_EQ(facts[0].fact.programme_recorded().units_size(), 5);
  EXPECT_FALSE(facts[0].fact.programme_recorded().has_valid_to_time());
  EXPECT_EQ(facts[0].precision, event::v1::TIME_PRECISION_DAY);
  EXPECT_EQ(facts[1].occurred_at, At("2025-01-01"));
}

TEST_F(SampleRows, TheCommandSaysWhereItComesFrom) {
  const PlannedFact planned = Facts("cases.csv", "CASE-2024-0001")[0];
  const v1::Command command = ToCommand(planned, context_.ids());
  EXPECT_EQ(command.header().ledger(), "quang-ninh");
  EXPECT_EQ(command.header().import().source(), "qn-csv");
  EXPECT_EQ(command.header().import().file(), "cases.csv");
  EXPECT_EQ(command.header().import().row(), "CASE-2024-0001");
  EXPECT_EQ(command.header().request_id(), planned.request_id);
  EXPECT_EQ(command.record_id(), context_.RecordId("cases", "CASE-2024-0001"));
}

TEST(RowFacts, ARowThatGainsItsEndAddsFactsAndChangesNone) {
  const auto commands = [](const std::string& row) {
    std::vector<std::string> all;
    const Loaded loaded = LoadFiles({{"contacts", kContactHeader + row}});
    for (const PlannedFact& fact : FactsOfDataset(loaded.Context())) {
      all.push_back(ToCommand(fact, ImportIds("l", "s")).SerializeAsString());
    }
    return all;
  };
  const auto before = commands("C-1,phone,1,2024-01-01T00:00:00+07:00,,,child,,,,\n");
  const auto after = commands(
      "C-1,phone,1,2024-01-01T00:00:00+07:00,2024-01-01T00:09:00+07:00,silent,child,,,,\n");
  ASSERT_EQ(before.size(), 2u);
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(before[0], after[0]);
  EXPECT_EQ(before[1], after[1]);
}

TEST(RowFacts, UnknownOpenCodesGoThrough) {
  const Loaded loaded = LoadFiles(
      {{"contacts", std::string(kContactHeader) + "C-1,pigeon,1,2024-01-01T00:00:00+07:00,,,"
                                                  "weather,passer_by,,,\n"}});
  EXPECT_THAT(loaded.IssueLines(), ElementsAre());
  const auto facts = FactsOfDataset(loaded.Context());
  EXPECT_EQ(facts[0].fact.contact_received().channel(), "pigeon");
}

TEST(RowFacts, PapersNoneMeansUndocumented) {
  const Loaded loaded =
      LoadFiles({{"persons", std::string(kPersonHeader) + "P-1,A,,2014-09,0912345678,none,,\n"}});
  const auto facts = FactsOfDataset(loaded.Context());
  const auto& person = facts.at(0).fact.person_registered().attributes();
  EXPECT_EQ(person.document_status(), "undocumented");
  EXPECT_EQ(person.birth_year(), 2014u);
  EXPECT_EQ(person.private_part().phone(), "+84912345678");
  EXPECT_EQ(facts[0].occurred_at, kDirectoryTime);
}

}  // namespace
}  // namespace caseledger::cli
