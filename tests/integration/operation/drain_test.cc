// The server between SIGTERM and its end.
#include <signal.h>

#include "caseledger/v1/history.grpc.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/operation/raw_call.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/integration/support/subscriber.h"

namespace caseledger::testing {
namespace {

// Longer than the test may take: the server has to end because its last call has, not because time
// is up.
constexpr char kDrainSeconds[] = "600";
constexpr int kContacts = 100;

class Drain : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ =
        std::make_unique<ServerProcess>(directory_ / "data", std::vector<std::string>{"a"},
                                        std::vector<std::string>{"--drain-seconds", kDrainSeconds});
    ASSERT_FALSE(server_->address().empty());
    client_ = std::make_unique<Client>(server_->address());
    // More than a connection holds for a client that does not read.
    const std::string note(20'000, 'x');
    for (int i = 0; i < kContacts; ++i) {
      client_->Record("", "contact_received { channel: 'sms' note { text: '" + note + "' } }");
    }
  }

  ScratchDirectory directory_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(Drain, SaysItDoesNotServeFinishesTheCallInFlightAndEndsWell) {
  auto whole = std::make_unique<HealthWatch>(server_->address(), "");
  auto one = std::make_unique<HealthWatch>(server_->address(), "caseledger.v1.HistoryService");
  ASSERT_EQ(whole->Next(), HealthWatch::kServing);
  ASSERT_EQ(one->Next(), HealthWatch::kServing);
  grpc::ClientContext context;
  client_->Prepare(context);
  const auto stub = v1::HistoryService::NewStub(client_->channel());
  const auto replay = stub->ReplayLedger(&context, v1::ReplayLedgerRequest());
  v1::ReplayResponse page;
  ASSERT_TRUE(replay->Read(&page));
  std::vector<v1::RecordedEvent> events(page.events().begin(), page.events().end());

  server_->process().Signal(SIGTERM);
  EXPECT_EQ(whole->Next(), HealthWatch::kNotServing);
  EXPECT_EQ(one->Next(), HealthWatch::kNotServing);
  whole.reset();
  one.reset();
  EXPECT_FALSE(IsServing(server_->address(), "")) << "nor to one who asks now";
  // gRPC 1.51 cancels a call that meets the very moment in which it stops to listen.
  EXPECT_TRUE(Eventually([this] {
    const auto late = client_->Send(CommandOf("", "contact_received { channel: 'sms' }"));
    EXPECT_FALSE(late.ok());
    return late.status.error_code() == grpc::StatusCode::UNAVAILABLE;
  }));

  while (replay->Read(&page)) {
    events.insert(events.end(), page.events().begin(), page.events().end());
  }
  const grpc::Status finished = replay->Finish();
  EXPECT_TRUE(finished.ok()) << finished.error_message();
  EXPECT_EQ(events.size(), size_t{kContacts});
  ExpectGapless(events, 0);
  EXPECT_EQ(server_->process().Wait(), 0) << server_->process().err();
}

}  // namespace
}  // namespace caseledger::testing
