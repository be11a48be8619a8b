// Facts that need a second look: who is told of which, until they are corrected.
#include <gmock/gmock.h>

#include "caseledger/v1/dashboard.pb.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DataQualityList : public ServerTest {
 protected:
  Answer<v1::ListDataQualityResponse> Ask(const Client& asker,
                                          v1::ListDataQualityRequest request = {}) {
    request.set_min_position(client().EventCount() - 1);
    return asker.Call<v1::ListDataQualityResponse>("DashboardService/ListDataQuality", request);
  }
  // `RECORD FLAGS` of each.
  std::vector<std::string> Told(const Client& asker, const std::string& flag = "") {
    v1::ListDataQualityRequest request;
    request.set_flag(flag);
    const auto answer = Ask(asker, request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    std::vector<std::string> told;
    for (const v1::DataQualityRow& row : answer.value.rows()) {
      std::string text = row.record_id();
      for (const std::string& each : row.flags()) text += " " + each;
      told.push_back(text);
    }
    return told;
  }
};

TEST_F(DataQualityList, IsToldToWhomItConcernsUntilItIsCorrected) {
  const std::string good = OpenCase();
  const std::string odd =
      client()
          .Record("", "case_opened { case_type: 'a_new_kind' owner_agency_id: 'ctxh-qn' }")
          .record_id();
  const std::string finding = odd + " UNKNOWN_CODE:case_type";
  EXPECT_THAT(Told(client()), ElementsAre(finding));
  EXPECT_THAT(Told(client(), "UNKNOWN_CODE:case_type"), ElementsAre(finding));
  EXPECT_THAT(Told(client(), "UNKNOWN_CODE:risk"), IsEmpty());

  // Of another agency's cases nothing; the data steward of all; who only watches dashboards may not
  // even ask.
  const Client other(cast(), "", {"mai", "ctxh-hl", "case_worker"});
  EXPECT_THAT(Told(other), IsEmpty());
  const Client steward(cast(), "", {"nhap-lieu", "so-qn", "data_steward", "audit"});
  EXPECT_THAT(Told(steward), ElementsAre(finding));
  const Client viewer(cast(), "", {"bao-cao", "so-qn", "dashboard_viewer"});
  EXPECT_EQ(Ask(viewer).status.error_code(), grpc::StatusCode::PERMISSION_DENIED);

  const auto row = Ask(client()).value.rows(0);
  EXPECT_EQ(row.fact_name(), "case_opened");
  EXPECT_EQ(row.agency_id(), "ctxh-qn");
  EXPECT_EQ(row.worker_id(), Who{}.actor);
  EXPECT_EQ(row.recorded_time().seconds(), now_seconds());
  client().Record(
      CommandOf(odd, "fact_corrected { target_event_id: '" + row.event_id() +
                         "' replacement { case_opened { case_type: 'trafficking' owner_agency_id: "
                         "'ctxh-qn' } } reason: 'no such kind' }"));
  EXPECT_THAT(Told(client()), IsEmpty());
  Restart();
  EXPECT_THAT(Told(client()), IsEmpty());
}

TEST_F(DataQualityList, BadQuestionsAreRefused) {
  v1::ListDataQualityRequest request;
  request.set_page_token("x");
  EXPECT_EQ(Ask(client(), request).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_EQ(Ask(client(), request).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace caseledger::testing
