// What gRPC's health service says of dashboards while read models are kept up and while they are
// not.
#include "caseledger/v1/admin.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/operation/raw_call.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {
namespace {

class DashboardHealth : public ::testing::Test {
 protected:
  void SetUp() override {
    cast_.Begin(directory_ / "data", "a", SystemClock());
    server_ = std::make_unique<ServerProcess>(directory_ / "data", std::vector<std::string>{"a"},
                                              cast_.ServerFlags());
    ASSERT_FALSE(server_->address().empty());
    cast_.Serve(server_->address());
  }
  template <typename Response, typename Request>
  void Ask(const std::string& method, const std::string& projection) {
    Client administrator(cast_, "a", Cast::Administrator());
    Request request;
    request.set_name(projection);
    const auto answer = administrator.Call<Response>("AdminService/" + method, request);
    ASSERT_TRUE(answer.ok()) << answer.status.error_message();
  }

  ScratchDirectory directory_;
  Cast cast_{directory_ / "pki"};
  std::unique_ptr<ServerProcess> server_;
};

TEST_F(DashboardHealth, IsToldWhenAReadModelIsNotKeptUpAndWhenItIsAgain) {
  HealthWatch dashboards(cast_, "caseledger.v1.DashboardService");
  ASSERT_EQ(dashboards.Next(), HealthWatch::kServing);
  Ask<v1::PauseProjectionResponse, v1::PauseProjectionRequest>("PauseProjection", "case-list");
  EXPECT_EQ(dashboards.Next(), HealthWatch::kNotServing);
  EXPECT_TRUE(server_->process().WaitForError("a/case-list@2: paused"));
  for (const char* other : {"", "caseledger.v1.HistoryService", "caseledger.v1.CaseworkService"}) {
    EXPECT_TRUE(IsServing(cast_, other)) << other << ": the truth is in the log";
  }
  Ask<v1::ResumeProjectionResponse, v1::ResumeProjectionRequest>("ResumeProjection", "case-list");
  EXPECT_EQ(dashboards.Next(), HealthWatch::kServing);
  Ask<v1::DropProjectionResponse, v1::DropProjectionRequest>("DropProjection", "report-facts");
  EXPECT_EQ(dashboards.Next(), HealthWatch::kNotServing);
  EXPECT_TRUE(server_->process().WaitForError("dropped"));
}

}  // namespace
}  // namespace caseledger::testing
