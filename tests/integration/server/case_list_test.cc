// The list of cases as it is asked for over real gRPC: whose, in which order, how many.
#include <gmock/gmock.h>

#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/referral.pb.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Who kOtherWorker{"mai", "ctxh-hl", "case_worker"};

class CaseListOverGrpc : public ServerTest {
 protected:
  Answer<v1::ListCasesResponse> Ask(v1::ListCasesRequest request, const Client& asker) {
    request.set_min_position(client().EventCount() - 1);
    return asker.Call<v1::ListCasesResponse>("DashboardService/ListCases", request);
  }
  Answer<v1::ListCasesResponse> Ask(const v1::ListCasesRequest& request) {
    return Ask(request, client());
  }
  static std::vector<std::string> Ids(const Answer<v1::ListCasesResponse>& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    std::vector<std::string> ids;
    for (const v1::CaseRow& row : answer.value.cases()) ids.push_back(row.case_id());
    return ids;
  }
  std::string Open(const std::string& worker, const std::string& risk = "") {
    const std::string id =
        client()
            .Record("",
                    "case_opened { case_type: 'trafficking' owner_agency_id: 'ctxh-qn' "
                    "owner_worker_id: '" +
                        worker + "' }")
            .record_id();
    if (!risk.empty()) client().Record(id, "risk_assessed { risk: " + risk + " }");
    return id;
  }
};

TEST_F(CaseListOverGrpc, TellsOneWorkerTheirOwn) {
  const std::string mine = Open(Who{}.actor);
  const std::string other = Open("somebody");
  v1::ListCasesRequest request;
  request.set_mine(true);
  EXPECT_THAT(Ids(Ask(request)), ElementsAre(mine));
  v1::ListCasesRequest of_other;
  of_other.set_owner_agency_id("ctxh-qn");
  of_other.set_owner_worker_id("somebody");
  EXPECT_THAT(Ids(Ask(of_other)), ElementsAre(other));

  request.set_owner_agency_id("ctxh-qn");
  EXPECT_THAT(Explain(Ask(request).status).fields, ElementsAre("mine"));
  v1::ListCasesRequest nobodys;
  nobodys.set_owner_worker_id("somebody");
  EXPECT_EQ(Ask(nobodys).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(CaseListOverGrpc, SortsAsAskedForOverPages) {
  const std::string low = Open("a", "RISK_LOW");
  const std::string critical = Open("a", "RISK_CRITICAL");
  const std::string none = Open("a");
  v1::ListCasesRequest request;
  request.set_owner_agency_id("ctxh-qn");
  request.set_order_by("risk desc");
  EXPECT_THAT(Ids(Ask(request)), ElementsAre(critical, low, none));
  request.set_page_size(1);
  std::vector<std::string> paged;
  do {
    const auto page = Ask(request);
    for (const std::string& id : Ids(page)) paged.push_back(id);
    request.set_page_token(page.value.next_page_token());
  } while (!request.page_token().empty() && paged.size() < 10);
  EXPECT_THAT(paged, ElementsAre(critical, low, none));

  request.clear_page_token();
  request.set_order_by("name");
  EXPECT_THAT(Explain(Ask(request).status).fields, ElementsAre("order_by"));
}

TEST_F(CaseListOverGrpc, CountsWhatTheCallerMaySeeOfAllPages) {
  for (int i = 0; i < 5; ++i) Open("a");
  v1::ListCasesRequest request;
  request.set_page_size(2);
  EXPECT_EQ(Ask(request).value.total_size(), 0U) << "only when asked for";
  request.set_count_total(true);
  const auto ours = Ask(request);
  EXPECT_THAT(Ids(ours), SizeIs(2));
  EXPECT_EQ(ours.value.total_size(), 5U);
  EXPECT_FALSE(ours.value.total_is_partial());
  // Another agency is not told how many there are.
  const Client other(cast(), "", kOtherWorker);
  const auto theirs = Ask(request, other);
  EXPECT_THAT(Ids(theirs), IsEmpty());
  EXPECT_EQ(theirs.value.total_size(), 0U);
}

TEST_F(CaseListOverGrpc, OtherListsCountToo) {
  const std::string odd =
      client()
          .Record("", "case_opened { case_type: 'a_new_kind' owner_agency_id: 'ctxh-qn' }")
          .record_id();
  v1::ListDataQualityRequest quality;
  quality.set_count_total(true);
  quality.set_min_position(client().EventCount() - 1);
  const auto findings =
      client().Call<v1::ListDataQualityResponse>("DashboardService/ListDataQuality", quality);
  ASSERT_TRUE(findings.ok()) << findings.status.error_message();
  EXPECT_EQ(findings.value.total_size(), 1U);
  EXPECT_EQ(findings.value.rows_size(), 1);

  v1::ListWorkItemsRequest work;
  work.set_count_total(true);
  work.set_min_position(client().EventCount() - 1);
  const auto items =
      client().Call<v1::ListWorkItemsResponse>("DashboardService/ListWorkItems", work);
  ASSERT_TRUE(items.ok()) << items.status.error_message();
  EXPECT_EQ(items.value.total_size(), static_cast<uint64_t>(items.value.items_size()));

  v1::ListReferralsRequest referrals;
  referrals.set_agency_id("ctxh-qn");
  referrals.set_direction(v1::REFERRAL_DIRECTION_OUTBOX);
  referrals.set_count_total(true);
  referrals.set_min_position(client().EventCount() - 1);
  const auto sent =
      client().Call<v1::ListReferralsResponse>("ReferralService/ListReferrals", referrals);
  ASSERT_TRUE(sent.ok()) << sent.status.error_message();
  EXPECT_EQ(sent.value.total_size(), static_cast<uint64_t>(sent.value.referrals_size()));
}

}  // namespace
}  // namespace caseledger::testing
