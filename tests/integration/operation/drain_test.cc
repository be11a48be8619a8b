// The server between SIGTERM and its end.
#include <signal.h>

#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/clock.h"
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
    cast_.Begin(directory_ / "data", "a", SystemClock());
    server_ =
        std::make_unique<ServerProcess>(directory_ / "data", std::vector<std::string>{"a"},
                                        cast_.ServerFlags({"--drain-seconds", kDrainSeconds}));
    ASSERT_FALSE(server_->address().empty());
    cast_.Serve(server_->address());
    operator_ = std::make_unique<Client>(cast_, "", Who{"tdv-3", "tong-dai", "hotline_operator"});
    auditor_ = std::make_unique<Client>(cast_, "", Cast::Auditor());
    auditor_->Admit(Cast::Auditor());
    begun_at_ = operator_->EventCount();
    for (int i = 0; i < kContacts; ++i) {
      operator_->Record("", "contact_received { channel: 'sms' note { text: '" + note_ + "' } }");
    }
  }

  const std::string note_ = std::string(20'000, 'x');
  ScratchDirectory directory_;
  Cast cast_{directory_ / "pki"};
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<Client> operator_;
  std::unique_ptr<Client> auditor_;
  uint64_t begun_at_ = 0;  // events before the contacts
};

TEST_F(Drain, SaysItDoesNotServeFinishesTheCallInFlightAndEndsWell) {
  auto whole = std::make_unique<HealthWatch>(cast_, "");
  auto one = std::make_unique<HealthWatch>(cast_, "caseledger.v1.HistoryService");
  ASSERT_EQ(whole->Next(), HealthWatch::kServing);
  ASSERT_EQ(one->Next(), HealthWatch::kServing);
  grpc::ClientContext context;
  auditor_->Prepare(context);
  v1::ReplayLedgerRequest request;
  request.set_from_position(begun_at_);
  const auto stub = v1::HistoryService::NewStub(auditor_->channel());
  const auto replay = stub->ReplayLedger(&context, request);
  v1::ReplayResponse page;
  ASSERT_TRUE(replay->Read(&page));
  std::vector<v1::RecordedEvent> events(page.events().begin(), page.events().end());

  server_->process().Signal(SIGTERM);
  EXPECT_EQ(whole->Next(), HealthWatch::kNotServing);
  EXPECT_EQ(one->Next(), HealthWatch::kNotServing);
  whole.reset();
  one.reset();
  EXPECT_FALSE(IsServing(cast_, "")) << "nor to one who asks now";
  // gRPC 1.51 cancels a call that meets the very moment in which it stops to listen.
  EXPECT_TRUE(Eventually([this] {
    const auto late = operator_->Send(CommandOf("", "contact_received { channel: 'sms' }"));
    EXPECT_FALSE(late.ok());
    return late.status.error_code() == grpc::StatusCode::UNAVAILABLE;
  }));

  while (replay->Read(&page)) {
    events.insert(events.end(), page.events().begin(), page.events().end());
  }
  const grpc::Status finished = replay->Finish();
  EXPECT_TRUE(finished.ok()) << finished.error_message();
  EXPECT_EQ(events.size(), size_t{kContacts});
  ExpectGapless(events, begun_at_);
  // So that there was more of it than a connection holds for a client that does not read.
  for (const v1::RecordedEvent& event : events) {
    EXPECT_EQ(event.fact().contact_received().note().text(), note_);
  }
  EXPECT_EQ(server_->process().Wait(), 0) << server_->process().err();
}

}  // namespace
}  // namespace caseledger::testing
