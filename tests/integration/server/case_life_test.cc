// A case from the first call to its closure, its history and a report on it.
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/closure.pb.h"
#include "caseledger/v1/dashboard.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;

using CaseLife = ServerTest;

std::vector<std::string> NamesOf(const std::vector<v1::RecordedEvent>& events) {
  std::vector<std::string> names;
  for (const v1::RecordedEvent& event : events) names.push_back(event.fact_name());
  return names;
}

TEST_F(CaseLife, FromTheFirstCallToItsClosure) {
  RegisterAgency("ctxh-qn");
  const std::string contact =
      client().Record("", "contact_received { channel: 'phone' line: '18001769' }").record_id();
  client().Record(contact, "contact_classified { main_topic: 'gender_equality' }");
  client().Record(contact, "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }");
  const std::string person = RegisterPerson();
  const std::string case_id = OpenCaseFor(person);
  client().Record(contact, "contact_linked_to_case { case_id: '" + case_id + "' }");
  client().Record(case_id, "risk_assessed { risk: RISK_HIGH findings { text: 'đau' } }");
  client().Record(case_id, "emergency_started { emergency_id: 'e1' person_id: '" + person +
                               "' kind: 'gender_based_violence' }");

  v1::CheckClosureRequest check;
  check.set_case_id(case_id);
  auto blockers = client().Call<v1::CheckClosureResponse>("ClosureService/CheckClosure", check);
  ASSERT_TRUE(blockers.ok()) << blockers.status.error_message();
  ASSERT_EQ(blockers.value.blockers_size(), 1);
  EXPECT_EQ(blockers.value.blockers(0).reason(), "EMERGENCY_RUNNING");
  const Refusal refusal = ExpectRefused(CommandOf(case_id, "case_closed { reason: 'goals_met' }"),
                                        grpc::StatusCode::FAILED_PRECONDITION, "EMERGENCY_RUNNING");
  EXPECT_FALSE(refusal.sentences.at("vi").empty());
  EXPECT_FALSE(refusal.sentences.at("en").empty());

  client().Record(case_id, "emergency_ended { emergency_id: 'e1' }");
  const v1::CommandResult closed = client().Record(case_id, "case_closed { reason: 'goals_met' }");
  EXPECT_EQ(closed.revision(), 6u);

  const std::vector<v1::RecordedEvent> history = client().History(case_id);
  EXPECT_THAT(NamesOf(history), ElementsAre("case_opened", "participant_added", "risk_assessed",
                                            "emergency_started", "emergency_ended", "case_closed"));
  EXPECT_EQ(history[2].fact().risk_assessed().findings().text(), "đau");
  EXPECT_EQ(history[2].actor(), "nv-07");
  EXPECT_EQ(history[2].agency(), "ctxh-qn");

  v1::GetCaseRequest get;
  get.set_case_id(case_id);
  const auto found = client().Call<v1::GetCaseResponse>("CaseworkService/GetCase", get);
  EXPECT_EQ(found.value.phase(), "closed");
  EXPECT_EQ(found.value.revision(), 6u);

  v1::ListCasesRequest list;
  list.set_min_position(closed.events(0).position());
  const auto cases = client().Call<v1::ListCasesResponse>("DashboardService/ListCases", list);
  ASSERT_EQ(cases.value.cases_size(), 1) << cases.status.error_message();
  EXPECT_EQ(cases.value.cases(0).phase(), "closed");
  EXPECT_EQ(cases.value.cases(0).client_count(), 1u);
}

TEST_F(CaseLife, ExternalReferencesWorkWhereIdsDo) {
  RegisterAgency("ctxh-qn");
  const std::string case_id =
      client()
          .Record("",
                  "case_opened { external_ref { source: 'qn-csv' value: 'CASE-1' } case_type: "
                  "'child_protection' owner_agency_id: 'ctxh-qn' }")
          .record_id();
  EXPECT_EQ(client().Record("CASE-1", "risk_assessed { risk: RISK_LOW }").record_id(), case_id);
  EXPECT_EQ(client().Record("qn-csv/CASE-1", "risk_assessed { risk: RISK_HIGH }").revision(), 3u);
  EXPECT_EQ(client().History("CASE-1").size(), 3u);
}

TEST_F(CaseLife, ARestartKeepsEverythingAndRemembersRequests) {
  RegisterAgency("ctxh-qn");
  const std::string case_id = OpenCase();
  const v1::Command risk = CommandOf(case_id, "risk_assessed { risk: RISK_HIGH }");
  const v1::CommandResult first = client().Record(risk);
  const auto before = auditor().Replay();
  Restart();
  const auto after = auditor().Replay();
  ASSERT_EQ(after.value.size(), before.value.size());
  for (size_t i = 0; i < after.value.size(); ++i) {
    EXPECT_EQ(after.value[i].ShortDebugString(), before.value[i].ShortDebugString());
  }
  const v1::CommandResult again = client().Record(risk);
  EXPECT_TRUE(again.already_recorded());
  EXPECT_EQ(again.events(0).event_id(), first.events(0).event_id());
  EXPECT_EQ(client().EventCount(), after.value.size());
  v1::Command other = risk;
  other.mutable_fact()->mutable_risk_assessed()->set_risk(event::v1::RISK_LOW);
  ExpectRefused(other, grpc::StatusCode::ALREADY_EXISTS, "REQUEST_ID_REUSED");
}

}  // namespace
}  // namespace caseledger::testing
