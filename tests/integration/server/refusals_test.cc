// What must be refused: with which code and reason, saying everything at once, leaving nothing.
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/dashboard.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Refusals : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    RegisterAgency("ctxh-qn");
    case_id_ = OpenCase();
  }
  std::string case_id_;
};

TEST_F(Refusals, EveryViolationIsNamedAtOnce) {
  v1::Command command = CommandOf(case_id_, "risk_assessed { risk: RISK_LOW }");
  command.mutable_header()->clear_request_id();
  *command.mutable_header()->mutable_occurred_time() = Seconds(now_seconds() + 121);
  command.mutable_header()->set_legal_basis(std::string(201, 'x'));
  event::v1::RiskAssessed& risk = *command.mutable_fact()->mutable_risk_assessed();
  risk.set_risk(static_cast<event::v1::Risk>(99));
  risk.mutable_findings()->set_text("Nguyễn Thị Bí Mật " + std::string(20'000, 'x'));
  const Refusal refusal =
      ExpectRefused(command, grpc::StatusCode::INVALID_ARGUMENT, "INVALID_REQUEST");
  EXPECT_THAT(refusal.fields, ElementsAre("fact.findings.text", "fact.risk", "header.legal_basis",
                                          "header.occurred_time", "header.request_id"));
  EXPECT_THAT(client().Send(command).status.error_message(), Not(HasSubstr("Bí Mật")));
}

TEST_F(Refusals, AClockTwoMinutesAheadIsAllowedAndNoMore) {
  v1::Command command = CommandOf(case_id_, "risk_assessed { risk: RISK_LOW }");
  *command.mutable_header()->mutable_occurred_time() = Seconds(now_seconds() + 121);
  ExpectRefused(command, grpc::StatusCode::INVALID_ARGUMENT, "INVALID_REQUEST");
  *command.mutable_header()->mutable_occurred_time() = Seconds(now_seconds() + 120);
  EXPECT_EQ(client().Record(command).revision(), 2u);
}

TEST_F(Refusals, ARuleIsNamedInBothLanguages) {
  const Refusal refusal = ExpectRefused(CommandOf(case_id_, "case_reopened { reason: 'again' }"),
                                        grpc::StatusCode::FAILED_PRECONDITION, "CASE_NOT_CLOSED");
  EXPECT_THAT(refusal.sentences.at("vi"), HasSubstr("Ca đang mở"));
  EXPECT_THAT(refusal.sentences.at("en"), HasSubstr("open"));
}

TEST_F(Refusals, AStaleRevisionTellsTheCurrentOne) {
  v1::Command command = CommandOf(case_id_, "risk_assessed { risk: RISK_LOW }");
  command.mutable_header()->set_expected_revision(7);
  const Refusal refusal = ExpectRefused(command, grpc::StatusCode::ABORTED, "REVISION_CONFLICT");
  EXPECT_EQ(refusal.metadata.at("current_revision"), "1");
  command.mutable_header()->set_expected_revision(1);
  EXPECT_EQ(client().Record(command).revision(), 2u);
}

TEST_F(Refusals, WhatIsUnknownIsNotFound) {
  ExpectRefused(CommandOf(NewUuid(), "risk_assessed { risk: RISK_LOW }"),
                grpc::StatusCode::NOT_FOUND, "RECORD_UNKNOWN");
  ExpectRefused(CommandOf(case_id_, "participant_added { person_id: '" + NewUuid() +
                                        "' role: PARTICIPANT_ROLE_CLIENT }"),
                grpc::StatusCode::NOT_FOUND, "REFERENCE_UNKNOWN");
  v1::ReplayCaseRequest replay;
  replay.set_case_id(NewUuid());
  EXPECT_EQ(client().ReplayCase(replay).status.error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(Refusals, WhatExistsIsNotMadeTwice) {
  ExpectRefused(CommandOf(case_id_,
                          "case_opened { case_type: 'trafficking' owner_agency_id: "
                          "'ctxh-qn' }"),
                grpc::StatusCode::ALREADY_EXISTS, "RECORD_EXISTS");
  v1::Command first = CommandOf(case_id_, "risk_assessed { risk: RISK_LOW }");
  client().Record(first);
  first.mutable_fact()->mutable_risk_assessed()->set_risk(event::v1::RISK_HIGH);
  ExpectRefused(first, grpc::StatusCode::ALREADY_EXISTS, "REQUEST_ID_REUSED");
}

TEST_F(Refusals, AReplayPastTheEndIsOutOfRange) {
  const uint64_t head = client().EventCount();
  EXPECT_TRUE(auditor().Replay(head).ok());
  EXPECT_TRUE(auditor().Replay(head).value.empty());
  const auto past = auditor().Replay(head + 1);
  EXPECT_EQ(past.status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(Explain(past.status).reason, "POSITION_PAST_END");
}

TEST_F(Refusals, WhoeverDoesNotSayWhoTheyAreRecordsNothing) {
  const v1::Command command = CommandOf(case_id_, "risk_assessed { risk: RISK_LOW }");
  // A program of the agency may take part in referrals, not assess.
  ExpectRefused(command, grpc::StatusCode::PERMISSION_DENIED, "ACCESS_DENIED", {"", "ctxh-qn", ""});
  // Somebody of the agency whom nobody gave a role.
  ExpectRefused(command, grpc::StatusCode::PERMISSION_DENIED, "ACCESS_DENIED",
                {"la-01", "ctxh-qn", ""});
}

TEST_F(Refusals, FactsOfTheServerAreNotTakenFromClients) {
  const uint64_t head = client().EventCount();
  const auto stub = v1::BatchService::NewStub(client().channel());
  grpc::ClientContext context;
  client().Prepare(context);
  const auto stream = stub->Execute(&context);
  v1::ExecuteRequest request;
  *request.add_commands() = CommandOf(case_id_, "referral_expired { referral_id: 'r1' }");
  stream->Write(request);
  stream->WritesDone();
  v1::ExecuteResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_TRUE(response.answers(0).has_error());
  EXPECT_EQ(client().EventCount(), head);
}

TEST_F(Refusals, AQuestionAboutTheFutureIsRefusedNotAnsweredWrongly) {
  v1::ListCasesRequest request;
  request.set_min_position(1'000'000);
  const auto answer = client().Call<v1::ListCasesResponse>("DashboardService/ListCases", request);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::OUT_OF_RANGE)
      << answer.status.error_message();
  EXPECT_EQ(Explain(answer.status).domain, "caseledger");
}

TEST_F(Refusals, AForeignPageTokenIsRefused) {
  for (const char* token : {"nonsense", "AAAA", "////"}) {
    v1::ListCasesRequest request;
    request.set_page_token(token);
    const auto answer = client().Call<v1::ListCasesResponse>("DashboardService/ListCases", request);
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << answer.status.error_message();
  }
}

TEST_F(Refusals, APhaseNobodyKnowsIsNoEmptyList) {
  v1::ListCasesRequest request;
  request.set_phase("opne");
  const auto answer = client().Call<v1::ListCasesResponse>("DashboardService/ListCases", request);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << answer.status.error_message();
  for (const char* phase : {"", "open", "closed", "transferred"}) {
    request.set_phase(phase);
    const auto list = client().Call<v1::ListCasesResponse>("DashboardService/ListCases", request);
    EXPECT_TRUE(list.status.ok()) << list.status.error_message();
  }
}

TEST_F(Refusals, AReportNobodyLoadedIsNotFound) {
  v1::RunReportRequest request;
  request.set_report_id("no-such-report");
  *request.mutable_from_time() = Seconds(1'700'000'000);
  *request.mutable_to_time() = Seconds(1'710'000'000);
  const auto answer = client().Call<v1::RunReportResponse>("DashboardService/RunReport", request);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::NOT_FOUND)
      << answer.status.error_message();
}

}  // namespace
}  // namespace caseledger::testing
