// What one agency may take of a server, over TLS: refused clearly, with a time to try again, and
// never at the cost of another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "caseledger/v1/batch.grpc.pb.h"
#include "caseledger/v1/history.grpc.pb.h"
#include "tests/integration/access/any_call.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/identity_channels.h"

namespace caseledger::testing {
namespace {

using std::chrono::seconds;

class LimitsTest : public ::testing::Test {
 protected:
  struct Batch;

  LimitsTest() : identities_(directory_ / "pki") {}

  // With the default rules; lan of so-qn runs the system, and minh of ctxh-qn works on cases.
  void Start(std::vector<std::string> flags) {
    const Finished made =
        RunToEnd({CASELEDGER_PATH, "access", "bootstrap", "--data-dir", directory_ / "data", "--of",
                  "a", "--administrator", "so-qn/lan", "--rules", CASELEDGER_RULES});
    ASSERT_EQ(made.code, 0) << made.err;
    const std::vector<std::string> identity = identities_.ServerFlags();
    flags.insert(flags.end(), identity.begin(), identity.end());
    server_ =
        std::make_unique<ServerProcess>(directory_ / "data", std::vector<std::string>{"a"}, flags);
  }

  std::shared_ptr<grpc::Channel> Connect(const std::string& agency) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(server_->address(), ChannelCredentialsOf(identities_, agency),
                                     arguments);
  }
  void Prepare(grpc::ClientContext& context, const std::string& agency, const std::string& person) {
    context.AddMetadata("authorization", identities_.Bearer(agency, person));
    context.set_deadline(std::chrono::system_clock::now() + seconds(30));
  }
  grpc::Status Head(const std::shared_ptr<grpc::Channel>& channel, const std::string& agency,
                    const std::string& person) {
    grpc::ClientContext context;
    Prepare(context, agency, person);
    v1::GetLedgerHeadResponse response;
    return v1::HistoryService::NewStub(channel)->GetLedgerHead(&context, {}, &response);
  }
  static void ExpectTryAgain(const grpc::Status& status, const std::string& reason) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
    const Refusal refusal = Explain(status);
    EXPECT_EQ(refusal.reason, reason) << status.error_message();
    EXPECT_GT(refusal.retry_milliseconds, 0) << "nothing says when to try again";
    EXPECT_FALSE(refusal.sentences.at("vi").empty());
  }

  ScratchDirectory directory_;
  Identities identities_;
  std::unique_ptr<ServerProcess> server_;
};

TEST_F(LimitsTest, EveryRpcNeedsADeadline) {
  Start({});
  const auto channel = Connect("so-qn");
  for (const auto* method : PublicMethods()) {
    const std::string path = "/" + method->service()->full_name() + "/" + method->name();
    const grpc::Status refused =
        CallAny(channel, path, {identities_.Bearer("so-qn", "lan")}, Deadline::kNone);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << path;
    EXPECT_EQ(Explain(refused).reason, "DEADLINE_REQUIRED") << path;
  }
}

TEST_F(LimitsTest, AnAgencyAtItsRateIsToldWhenToTryAgainAndOthersAreNot) {
  Start({"--agency-calls-per-second", "2"});
  const auto flood = Connect("so-qn");
  const auto quiet = Connect("ctxh-qn");
  grpc::Status status;
  int allowed = 0;
  for (; allowed < 200; ++allowed) {
    status = Head(flood, "so-qn", "lan");
    if (!status.ok()) break;
  }
  EXPECT_GE(allowed, 16) << "the burst";
  ExpectTryAgain(status, "AGENCY_RATE");
  EXPECT_LE(Explain(status).retry_milliseconds, 500);
  // Who has no role yet is refused for that, and not for the other agency's calls.
  EXPECT_EQ(Head(quiet, "ctxh-qn", "minh").error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(Eventually([&] { return Head(flood, "so-qn", "lan").ok(); }));
}

// A batch as lan of so-qn.
struct LimitsTest::Batch {
  Batch(LimitsTest& test, const std::shared_ptr<grpc::Channel>& channel) {
    test.Prepare(context, "so-qn", "lan");
    calls = v1::BatchService::NewStub(channel)->Execute(&context);
  }
  // It is sure to be open once it has answered a command.
  bool Answers() {
    v1::ExecuteRequest request;
    request.add_commands();
    v1::ExecuteResponse response;
    return calls->Write(request) && calls->Read(&response);
  }

  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ExecuteRequest, v1::ExecuteResponse>> calls;
};

TEST_F(LimitsTest, AnAgencyWithTooManyStreamsOpensNoMoreUntilOneEnds) {
  Start({"--agency-streams-at-a-time", "2"});
  const auto channel = Connect("so-qn");
  Batch first(*this, channel);
  Batch second(*this, channel);
  ASSERT_TRUE(first.Answers() && second.Answers());
  Batch third(*this, channel);
  EXPECT_FALSE(third.Answers());
  ExpectTryAgain(third.calls->Finish(), "AGENCY_BUSY");
  EXPECT_TRUE(Head(channel, "so-qn", "lan").ok()) << "calls have room of their own";
  first.calls->WritesDone();
  EXPECT_TRUE(first.calls->Finish().ok());
  EXPECT_TRUE(Eventually([&] { return Batch(*this, channel).Answers(); }));
}

TEST_F(LimitsTest, AStreamThatIsNotReadIsEndedAndSaysSoToWhoReadsAfterAll) {
  Start({"--slow-reader-seconds", "1", "--agency-streams-at-a-time", "1"});
  Batch slow(*this, Connect("so-qn"));
  ASSERT_TRUE(slow.Answers());
  const auto other = Connect("so-qn");
  EXPECT_FALSE(Batch(*this, other).Answers()) << "the place is taken";
  // Until the connection holds no more answers and the server reads no further.
  v1::ExecuteRequest request;
  for (int i = 0; i < 256; ++i) request.add_commands();
  std::thread writer([&] {
    while (slow.calls->Write(request)) {
    }
  });
  EXPECT_TRUE(Eventually([&] { return Batch(*this, other).Answers(); }));
  v1::ExecuteResponse response;
  int read = 0;
  while (slow.calls->Read(&response)) ++read;
  writer.join();
  EXPECT_GT(read, 0) << "what was on its way arrives";
  ExpectTryAgain(slow.calls->Finish(), "SLOW_READER");
}

TEST_F(LimitsTest, ASubscriptionEndsWhenItIsOldAndSaysSo) {
  Start({"--connection-seconds", "1"});
  const auto channel = Connect("so-qn");
  grpc::ClientContext context;
  Prepare(context, "so-qn", "lan");
  const auto reader = v1::HistoryService::NewStub(channel)->Subscribe(&context, {});
  v1::SubscribeResponse response;
  while (reader->Read(&response)) {
  }
  const grpc::Status ended = reader->Finish();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::UNAVAILABLE) << ended.error_message();
  EXPECT_EQ(Explain(ended).reason, "STREAM_OLD");
  // A call on the old connection may meet its end.
  EXPECT_TRUE(Eventually([&] { return Head(channel, "so-qn", "lan").ok(); }))
      << "the channel connects again";
}

TEST_F(LimitsTest, AMessageThatIsTooLargeIsRefusedAndTheConnectionStays) {
  Start({});
  const auto channel = Connect("so-qn");
  grpc::ClientContext context;
  Prepare(context, "so-qn", "lan");
  v1::GetLedgerHeadRequest request;
  request.set_ledger(std::string(5u << 20, 'x'));
  v1::GetLedgerHeadResponse response;
  const grpc::Status status =
      v1::HistoryService::NewStub(channel)->GetLedgerHead(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  EXPECT_TRUE(Head(channel, "so-qn", "lan").ok());
}

TEST_F(LimitsTest, AnAgencyThatPoursIsCutOffAndOthersAreNot) {
  Start({"--agency-bytes-per-second", "1048576", "--agency-calls-per-second", "0"});
  const auto pouring = Connect("so-qn");
  const auto quiet = Connect("ctxh-qn");
  EXPECT_EQ(Head(quiet, "ctxh-qn", "minh").error_code(), grpc::StatusCode::PERMISSION_DENIED);
  v1::GetLedgerHeadRequest request;
  request.set_ledger(std::string(3u << 20, 'x'));
  grpc::Status status;
  for (int i = 0; i < 1000 && status.error_code() != grpc::StatusCode::UNAVAILABLE; ++i) {
    grpc::ClientContext context;
    Prepare(context, "so-qn", "lan");
    v1::GetLedgerHeadResponse response;
    status = v1::HistoryService::NewStub(pouring)->GetLedgerHead(&context, request, &response);
  }
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  EXPECT_TRUE(server_->process().WaitForError("a connection was cut"));
  EXPECT_EQ(Head(quiet, "ctxh-qn", "minh").error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(Eventually([&] { return Head(pouring, "so-qn", "lan").ok(); }))
      << "it may connect again";
}

TEST_F(LimitsTest, AnAddressHasItsNumberOfConnections) {
  Start({"--connections-per-address", "1"});
  auto first = Connect("so-qn");
  EXPECT_TRUE(Head(first, "so-qn", "lan").ok());
  const auto second = Connect("so-qn");
  EXPECT_EQ(Head(second, "so-qn", "lan").error_code(), grpc::StatusCode::UNAVAILABLE);
  first.reset();
  EXPECT_TRUE(Eventually([&] { return Head(Connect("so-qn"), "so-qn", "lan").ok(); }));
}

}  // namespace
}  // namespace caseledger::testing
