// Work lists: what each may see of them, by the deployed deadlines, with the server's clock.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "caseledger/v1/dashboard.pb.h"
#include "google/protobuf/text_format.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kHour = 3'600;
constexpr int64_t kDay = 24 * kHour;

class WorkList : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    RegisterAgency("ctxh-hl");
    std::ifstream file("deploy/deadlines/default.textproto");
    std::stringstream text;
    text << file.rdbuf();
    ASSERT_FALSE(text.str().empty()) << "run from the top of the source tree";
    v1::Command command = CommandOf("deadlines/default", "deadlines_loaded {}");
    command.mutable_fact()->mutable_deadlines_loaded()->set_text(text.str());
    client().Record(command);
  }
  std::string Open(const Client& by, const std::string& type, const std::string& worker) {
    return by
        .Record("", "case_opened { case_type: '" + type + "' owner_agency_id: '" + Agency(by) +
                        "' owner_worker_id: '" + worker + "' }")
        .record_id();
  }
  std::string Agency(const Client& by) const {
    return &by == client_.get() ? "ctxh-qn" : "ctxh-hl";
  }
  Answer<v1::ListWorkItemsResponse> Ask(const Client& asker,
                                        v1::ListWorkItemsRequest request = {}) {
    request.set_min_position(client().EventCount() - 1);
    return asker.Call<v1::ListWorkItemsResponse>("DashboardService/ListWorkItems", request);
  }
  // `DEADLINE STATE` of each.
  std::vector<std::string> Told(const Client& asker, v1::ListWorkItemsRequest request = {}) {
    const auto answer = Ask(asker, std::move(request));
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    std::vector<std::string> told;
    for (const v1::WorkItemRow& row : answer.value.items()) {
      told.push_back(row.deadline_id() + " " + row.state());
    }
    return told;
  }
};

TEST_F(WorkList, IsDueOverdueAndMetAsTimePasses) {
  const std::string case_id = Open(client(), "child_protection", "nv-07");
  EXPECT_THAT(Told(client()),
              ElementsAre("first_measures open", "plan_draft open", "plan_approval open"));
  AdvanceSeconds(13 * kHour);
  v1::ListWorkItemsRequest overdue;
  overdue.set_state("overdue");
  EXPECT_THAT(Told(client(), overdue), ElementsAre("first_measures overdue"));
  client().Record(case_id, "plan_drafted { plan_id: 'p' private_part { text: 'secret' } }");
  EXPECT_THAT(Told(client()), ElementsAre("first_measures overdue", "plan_approval open"));
  v1::ListWorkItemsRequest met;
  met.set_state("met");
  const auto answer = Ask(client(), met);
  ASSERT_EQ(answer.value.items_size(), 1);
  const v1::WorkItemRow& row = answer.value.items(0);
  EXPECT_EQ(row.record_id(), case_id);
  EXPECT_EQ(row.label_en(), "Plan drafted");
  EXPECT_EQ(row.ended_time().seconds(), now_seconds());
  EXPECT_EQ(row.ShortDebugString().find("secret"), std::string::npos);

  // An import, or somebody late, tells of a first measure in time.
  v1::Command late = CommandOf(case_id, "emergency_started { emergency_id: 'e' person_id: '" +
                                            RegisterPerson() + "' kind: 'child_violence' }");
  client().Record(case_id, "participant_added { person_id: '" +
                               late.fact().emergency_started().person_id() +
                               "' role: PARTICIPANT_ROLE_CLIENT }");
  client().Record(late);
  EXPECT_THAT(Told(client(), overdue), IsEmpty());
}

TEST_F(WorkList, IsSortedAsAskedFor) {
  Open(client(), "child_protection", "nv-07");
  v1::ListWorkItemsRequest request;
  request.set_order_by("due_time desc");
  EXPECT_THAT(Told(client(), request),
              ElementsAre("plan_approval open", "plan_draft open", "first_measures open"));
  request.set_order_by("due_time");
  EXPECT_THAT(Told(client(), request),
              ElementsAre("first_measures open", "plan_draft open", "plan_approval open"));
  request.set_order_by("Nguyen Van An");
  const auto refused = Explain(Ask(client(), request).status);
  EXPECT_THAT(refused.fields, ElementsAre("order_by"));
}

TEST_F(WorkList, IsOnesOwnAndOnesAgencys) {
  const Client other(cast(), "", {"lan", "ctxh-hl", "case_worker"});
  Open(client(), "trafficking", "nv-07");
  Open(client(), "trafficking", "nv-08");
  Open(other, "trafficking", "lan");
  v1::ListWorkItemsRequest mine;
  mine.set_mine(true);
  mine.set_deadline_id("plan_draft");
  EXPECT_EQ(Told(client(), mine).size(), 1U);
  v1::ListWorkItemsRequest of_worker;
  of_worker.set_agency_id("ctxh-qn");
  of_worker.set_worker_id("nv-08");
  of_worker.set_deadline_id("plan_draft");
  EXPECT_EQ(Told(client(), of_worker).size(), 1U);
  // Of others' cases nothing is told, however it is asked for.
  v1::ListWorkItemsRequest all;
  all.set_deadline_id("plan_draft");
  EXPECT_EQ(Told(client(), all).size(), 2U);
  EXPECT_EQ(Told(other, all).size(), 1U);
  of_worker.set_agency_id("ctxh-hl");
  of_worker.set_worker_id("lan");
  EXPECT_THAT(Told(client(), of_worker), IsEmpty());
  const Client viewer(cast(), "", {"bao-cao", "so-qn", "dashboard_viewer"});
  EXPECT_EQ(Ask(viewer, all).status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(WorkList, OfAReportedContactIsThatOfWhoForwardedIt) {
  const std::string contact =
      client().Record("", "contact_received { channel: 'phone' }").record_id();
  client().Record(
      contact, "report_forwarded { forward_id: 'f' to_agency_id: 'ctxh-hl' due_time { seconds: " +
                   std::to_string(now_seconds() + kDay) + " } }");
  EXPECT_THAT(Told(client()), ElementsAre("hotline_process open"));
  AdvanceSeconds(kDay + 1);
  EXPECT_THAT(Told(client()), ElementsAre("hotline_process overdue"));
}

TEST_F(WorkList, BadQuestionsAreRefused) {
  for (const char* bad : {"state: 'done'", "worker_id: 'nv-07'", "mine: true agency_id: 'ctxh-qn'",
                          "page_token: 'x'"}) {
    v1::ListWorkItemsRequest request;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(bad, &request));
    EXPECT_EQ(Ask(client(), request).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << bad;
  }
}

}  // namespace
}  // namespace caseledger::testing
