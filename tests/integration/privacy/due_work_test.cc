// The work lists of the privacy officer: of a server in the test's process, whose clock only moves
// when told, and with the `caseledger` program.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <sstream>

#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kDay = 86'400;
const Who kOfficer{"hoa", "so-qn", "privacy_officer", "data-subject-request"};
const Who kSecondOfficer{"binh", "so-qn", "privacy_officer", "data-subject-request"};

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path << ": run from the top of the source tree";
  return text.str();
}

class DueWork : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    officer_ = std::make_unique<Client>(cast(), "", kOfficer);
  }

  void LoadDeadlines() {
    v1::Command command = CommandOf("deadlines/default", "deadlines_loaded {}");
    command.mutable_fact()->mutable_deadlines_loaded()->set_text(
        TextOf("deploy/deadlines/default.textproto"));
    client().Record(command);
  }
  void LoadRetentionRules() {
    v1::Command command = CommandOf("retention/default", "retention_rules_loaded {}");
    command.mutable_fact()->mutable_retention_rules_loaded()->set_text(
        TextOf("deploy/retention/default.textproto"));
    client().Record(command);
  }
  // A case of gender-based violence, kept for ten years once it is closed.
  std::string CloseCaseOf(const std::string& person) {
    const std::string case_id = OpenCaseFor(person);
    client().Record(case_id, "case_closed { reason: 'goals_met' }");
    return case_id;
  }
  Answer<v1::ListRetentionDueResponse> AskRetention(const Client& asker,
                                                    v1::ListRetentionDueRequest request = {}) {
    request.set_min_position(asker.EventCount() - 1);
    return asker.Call<v1::ListRetentionDueResponse>("PrivacyService/ListRetentionDue", request);
  }
  std::vector<v1::RetentionRow> DueCases(v1::ListRetentionDueRequest request = {}) {
    const auto answer = AskRetention(*officer_, request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return {answer.value.cases().begin(), answer.value.cases().end()};
  }
  // What the program prints, with the certificate and token of the officer.
  std::string Print(const std::vector<std::string>& words) {
    std::vector<std::string> all{CASELEDGER_PATH};
    all.insert(all.end(), words.begin(), words.end());
    for (const std::string& flag : cast().ProgramFlags(kOfficer)) all.push_back(flag);
    const Finished finished = RunToEnd(all);
    EXPECT_EQ(finished.code, 0) << finished.err;
    return finished.out;
  }
  // By the case worker `client()`.
  std::string Receive(const std::string& kind) {
    const std::string person = RegisterPerson();
    client().Record(person, "data_request_received { request_id: 'r' request_kind: '" + kind +
                                "' asked_by: 'self' channel: 'letter' }");
    return person;
  }
  void As(const Who& who, const std::string& person, const std::string& fact) {
    const auto done = Client(cast(), "", who).Send(CommandOf(person, fact));
    ASSERT_TRUE(done.ok()) << fact << ": " << done.status.error_message();
  }

  Answer<v1::ListDueRequestsResponse> Ask(const Client& asker,
                                          v1::ListDueRequestsRequest request = {}) {
    request.set_min_position(asker.EventCount() - 1);
    return asker.Call<v1::ListDueRequestsResponse>("PrivacyService/ListDueRequests", request);
  }
  std::vector<v1::DueRequestRow> List(const std::string& state = "") {
    v1::ListDueRequestsRequest request;
    request.set_state(state);
    const auto answer = Ask(*officer_, request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return {answer.value.requests().begin(), answer.value.requests().end()};
  }

  std::unique_ptr<Client> officer_;
};

TEST_F(DueWork, ARequestIsDueAndOverdueByTheDeployedDeadlinesUntilItIsAnswered) {
  LoadDeadlines();
  const std::string person = Receive("access");
  const int64_t received = now_seconds();
  auto rows = List();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].person_id(), person);
  EXPECT_EQ(rows[0].request_kind(), "access");
  EXPECT_EQ(rows[0].state(), "received");
  EXPECT_EQ(rows[0].agency_id(), "ctxh-qn");
  EXPECT_EQ(rows[0].received_time().seconds(), received);
  ASSERT_EQ(rows[0].deadlines_size(), 2);
  EXPECT_EQ(rows[0].deadlines(0).deadline_id(), "data_request_answer");
  EXPECT_EQ(rows[0].deadlines(1).deadline_id(), "data_request_access");
  EXPECT_THAT(rows[0].deadlines(1).basis(), HasSubstr("Law 91/2025"));
  const int64_t answer_due = rows[0].due_time().seconds();
  EXPECT_EQ(answer_due, rows[0].deadlines(0).due_time().seconds());
  EXPECT_GT(answer_due, received + kDay) << "two working days";
  EXPECT_LT(answer_due, received + 5 * kDay) << "and at most one weekend";
  EXPECT_GE(rows[0].deadlines(1).due_time().seconds(), received + 10 * kDay);
  EXPECT_LT(rows[0].deadlines(1).due_time().seconds(), received + 11 * kDay);
  EXPECT_FALSE(rows[0].overdue());

  AdvanceSeconds(5 * kDay);
  EXPECT_TRUE(List()[0].overdue());
  As(kOfficer, person,
     "data_request_answered { request_id: 'r' outcome: DATA_REQUEST_OUTCOME_ACCEPTED }");
  rows = List();
  EXPECT_EQ(rows[0].state(), "accepted");
  EXPECT_FALSE(rows[0].overdue()) << "the next deadline is not over";
  EXPECT_TRUE(rows[0].deadlines(0).overdue()) << "it was met late";
  EXPECT_EQ(rows[0].due_time().seconds(), rows[0].deadlines(1).due_time().seconds());
  As(kOfficer, person,
     "data_request_answered { request_id: 'r' outcome: DATA_REQUEST_OUTCOME_FULFILLED }");
  EXPECT_THAT(List(), IsEmpty());
}

TEST_F(DueWork, EachKindOfRequestHasItsOwnDeadlineBesideTheAnswer) {
  LoadDeadlines();
  const std::map<std::string, std::pair<std::string, int64_t>> days{
      {"access", {"data_request_access", 10}},
      {"correction", {"data_request_correction", 10}},
      {"restriction", {"data_request_restriction", 15}},
      {"erasure", {"data_request_erasure", 20}}};
  const int64_t received = now_seconds();
  for (const auto& [kind, deadline] : days) Receive(kind);
  const auto rows = List();
  ASSERT_EQ(rows.size(), days.size());
  for (const v1::DueRequestRow& row : rows) {
    ASSERT_EQ(row.deadlines_size(), 2) << row.request_kind();
    const auto& [id, most] = days.at(row.request_kind());
    EXPECT_EQ(row.deadlines(1).deadline_id(), id);
    EXPECT_EQ((row.deadlines(1).due_time().seconds() - received) / kDay, most);
  }
}

TEST_F(DueWork, AnErasureAwaitsItsApprovalThenItsExecutionAndIsListedAsExecuted) {
  LoadDeadlines();
  const std::string person = Receive("erasure");
  As(kOfficer, person, "erasure_decided { request_id: 'r' }");
  EXPECT_EQ(List("decided").size(), 1u);
  As(kSecondOfficer, person, "erasure_approved { request_id: 'r' }");
  EXPECT_THAT(List("decided"), IsEmpty());
  ASSERT_EQ(List("approved").size(), 1u);
  EXPECT_THAT(List("executed"), IsEmpty());
  AdvanceSeconds(30 * kDay);
  EXPECT_TRUE(List("approved")[0].overdue()) << "20 days";
  As(kOfficer, person, "person_erased { request_id: 'r' }");
  EXPECT_THAT(List(), IsEmpty());
  const auto executed = List("executed");
  ASSERT_EQ(executed.size(), 1u);
  EXPECT_EQ(executed[0].person_id(), person);
  EXPECT_EQ(executed[0].executed_time().seconds(), now_seconds());
  EXPECT_TRUE(executed[0].deadlines(1).overdue()) << "it was late, and stays so";
}

TEST_F(DueWork, ListsShowOnlyWhatTheAskerMayKnowAndAreOnTheTrail) {
  const std::string person = Receive("access");
  // A case worker records requests and works through none.
  const Client worker(cast(), "", {"lan", "ctxh-qn", "case_worker"});
  EXPECT_EQ(Ask(worker).status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  // A supervisor approves, and sees those of their own agency's persons.
  const Client own(cast(), "", {"thu", "ctxh-qn", "supervisor"});
  EXPECT_EQ(Ask(own).value.requests_size(), 1);
  const Client other(cast(), "", {"nam", "ctxh-hl", "supervisor"});
  const auto nothing = Ask(other);
  EXPECT_TRUE(nothing.ok()) << nothing.status.error_message();
  EXPECT_EQ(nothing.value.requests_size(), 0);
  // Without a purpose the officer may not.
  const Client aimless(cast(), "", {"hoa", "so-qn", "privacy_officer"});
  EXPECT_EQ(Ask(aimless).status.error_code(), grpc::StatusCode::PERMISSION_DENIED);

  List();
  v1::ListAccessRequest who_saw;
  who_saw.set_record_kind(options::v1::RECORD_KIND_PERSON);
  who_saw.set_record_id(person);
  std::vector<std::string> actors;
  // The entries are durable before their answers; the list of them follows.
  EXPECT_TRUE(Eventually([&] {
    const auto seen = officer_->Call<v1::ListAccessResponse>("AccessService/ListAccess", who_saw);
    EXPECT_TRUE(seen.ok()) << seen.status.error_message();
    actors.clear();
    for (const v1::TrailEntry& entry : seen.value.entries()) {
      if (entry.accessed().action() == "ListDueRequests") actors.push_back(entry.actor());
    }
    return actors.size() >= 2;
  }));
  EXPECT_THAT(actors, ElementsAre("hoa", "thu"));
}

TEST_F(DueWork, PagesAreBoundedAndGoThroughEverything) {
  for (int i = 0; i < 5; ++i) Receive(i % 2 == 0 ? "access" : "correction");
  v1::ListDueRequestsRequest request;
  request.set_page_size(2);
  size_t seen = 0;
  int pages = 0;
  do {
    const auto page = Ask(*officer_, request);
    ASSERT_TRUE(page.ok()) << page.status.error_message();
    EXPECT_LE(page.value.requests_size(), 2);
    seen += static_cast<size_t>(page.value.requests_size());
    request.set_page_token(page.value.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, 5u);
  EXPECT_EQ(pages, 3);
  request.set_count_total(true);
  EXPECT_EQ(Ask(*officer_, request).value.total_size(), 5U);
  request.Clear();
  request.set_request_kind("correction");
  EXPECT_EQ(Ask(*officer_, request).value.requests_size(), 2);
  request.Clear();
  request.set_state("open");
  EXPECT_EQ(Explain(Ask(*officer_, request).status).fields, std::vector<std::string>{"state"});
  request.Clear();
  request.set_page_size(1001);
  EXPECT_EQ(Ask(*officer_, request).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(DueWork, AClosedCaseIsDueForReviewOnceNoRuleKeepsItAndUntilItsPersonIsErased) {
  LoadRetentionRules();
  const std::string person = RegisterPerson();
  const std::string case_id = CloseCaseOf(person);
  const int64_t closed = now_seconds();
  AdvanceSeconds(3650 * kDay);
  EXPECT_THAT(DueCases(), IsEmpty()) << "ten years have two or three leap days";
  AdvanceSeconds(5 * kDay);
  auto rows = DueCases();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].case_id(), case_id);
  EXPECT_EQ(rows[0].rule_id(), "gender_based_violence");
  EXPECT_EQ(rows[0].owner_agency_id(), "ctxh-qn");
  EXPECT_EQ(rows[0].closed_time().seconds(), closed);
  EXPECT_FALSE(rows[0].held());
  ASSERT_EQ(rows[0].persons_size(), 1);
  EXPECT_EQ(rows[0].persons(0).person_id(), person);
  EXPECT_EQ(rows[0].persons(0).kept_by(), "");

  // Nothing happens by itself: people decide, by the rule.
  EXPECT_THAT(List("executed"), IsEmpty());
  As(kOfficer, person,
     "erasure_decided { request_id: 'u' retention_rule: 'gender_based_violence' }");
  EXPECT_EQ(List("decided").at(0).retention_rule(), "gender_based_violence");
  As(kSecondOfficer, person, "erasure_approved { request_id: 'u' }");
  EXPECT_EQ(DueCases().size(), 1u);
  As(kOfficer, person, "person_erased { request_id: 'u' }");
  EXPECT_THAT(DueCases(), IsEmpty());
}

TEST_F(DueWork, AHeldCaseStaysOnTheListAsHeldAndIsSeenByTheLegalOfficer) {
  LoadRetentionRules();
  const std::string person = RegisterPerson();
  const std::string held = CloseCaseOf(person);
  AdvanceSeconds(kDay);
  CloseCaseOf(person);
  const Who legal{"phap", "so-qn", "legal_officer", "legal-hold"};
  AdvanceSeconds(3655 * kDay);
  As(legal, held,
     "legal_hold_placed { hold_id: 'h-1' basis: 'court order' document_number: '12/QD' }");
  const auto rows = DueCases();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows[0].held());
  EXPECT_THAT(rows[0].hold_ids(), ElementsAre("h-1"));
  EXPECT_FALSE(rows[1].held());
  EXPECT_EQ(rows[1].persons(0).kept_by(), "legal_hold") << "by the other case";
  v1::ListRetentionDueRequest request;
  request.set_only_free(true);
  EXPECT_EQ(DueCases(request).size(), 1u);
  request.Clear();
  request.set_case_type("trafficking");
  EXPECT_THAT(DueCases(request), IsEmpty());
  request.Clear();
  request.set_page_size(1);
  const auto page = AskRetention(*officer_, request);
  EXPECT_EQ(page.value.cases_size(), 1);
  EXPECT_EQ(page.value.total_size(), 0U) << "only when asked for";
  request.set_page_token(page.value.next_page_token());
  request.set_count_total(true);
  EXPECT_EQ(AskRetention(*officer_, request).value.total_size(), 2U);
  EXPECT_EQ(AskRetention(*officer_, request).value.next_page_token(), "");

  EXPECT_EQ(AskRetention(Client(cast(), "", legal)).value.cases_size(), 2);
  for (const char* role : {"case_worker", "supervisor", "data_steward", "administrator"}) {
    const Client asker(cast(), "", {std::string("so-") + role, "ctxh-qn", role, "legal-hold"});
    EXPECT_EQ(AskRetention(asker).status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << role;
  }

  const std::string table = Print({"privacy", "retention"});
  EXPECT_THAT(table, HasSubstr(held));
  EXPECT_THAT(table, HasSubstr("held by h-1"));
  EXPECT_THAT(Print({"privacy", "retention", "--only-free"}), Not(HasSubstr(held)));
  EXPECT_THAT(Print({"privacy", "retention", "--format", "json"}),
              HasSubstr("\"case_id\": \"" + held));
}

TEST_F(DueWork, TheProgramPrintsTheListAsATableAndAsJson) {
  LoadDeadlines();
  const std::string person = Receive("access");
  AdvanceSeconds(5 * kDay);
  List();
  const std::string table = Print({"privacy", "due"});
  EXPECT_THAT(table, HasSubstr(person));
  EXPECT_THAT(table, HasSubstr("overdue"));
  EXPECT_THAT(table, HasSubstr("data_request_access"));
  EXPECT_THAT(Print({"privacy", "due", "--kind", "erasure"}), Not(HasSubstr(person)));
  EXPECT_THAT(Print({"privacy", "due", "--format", "json"}),
              HasSubstr("\"person_id\": \"" + person));
}

}  // namespace
}  // namespace caseledger::testing
