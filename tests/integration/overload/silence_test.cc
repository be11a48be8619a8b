// Clients that ask and never read the answers: what they cost is bounded, others go on, and the
// server can end.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "caseledger/v1/batch.grpc.pb.h"
#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/random.h"
#include "gtest/gtest.h"
#include "tests/integration/overload/command_load.h"
#include "tests/integration/overload/loaded_server.h"
#include "tests/integration/support/server_memory.h"
#include "tests/integration/support/subscriber.h"

namespace caseledger::testing {
namespace {

using std::chrono::seconds;

constexpr int kSilentSenders = 16;
constexpr int kCommandsPerMessage = 256;
// The server reads on while 4,096 commands have no answer that was sent, which is 16 messages; the
// rest lies in the windows of the connection, in both directions and at both ends.
constexpr uint64_t kMostMessagesEach = 40;
// Answers and commands of that, at 1 KiB each.
constexpr uint64_t kMostGrowthBySenders =
    kSilentSenders * kMostMessagesEach * kCommandsPerMessage * 1024;

// More than the server lets subscribe or replay at a time, which is 128 each.
constexpr int kSilentReaders = 160;
// A page of 1 MiB as events and as an answer, the answer once more in the connection, and what
// allocators keep.
constexpr uint64_t kMostGrowthByReaders = 2 * 128 * 4 * kMebibyte;

// What the server may hold because of the load beside: buffers fill as events are recorded.
constexpr uint64_t kMostGrowthByOthers = 64 * kMebibyte;

constexpr seconds kDrain{2};
// Calls are cut off when the drain is over; then projections end and files are closed.
constexpr seconds kMostAfterDrain{20};

// Sends over a Batch stream until the server takes no more, and reads nothing.
class SilentSender {
 public:
  explicit SilentSender(Cast& cast) : client_(cast, "", kLoadSender), thread_([this] { Run(); }) {}
  ~SilentSender() {
    context_.TryCancel();
    thread_.join();
  }
  // Messages that gRPC took from us.
  uint64_t sent() const { return sent_; }

 private:
  void Run() {
    client_.Prepare(context_);
    context_.set_deadline(std::chrono::system_clock::now() + kCallLimit);
    const auto stream = v1::BatchService::NewStub(client_.channel())->Execute(&context_);
    while (stream->Write(Message())) ++sent_;
    stream->Finish();
  }

  static v1::ExecuteRequest Message() {
    v1::ExecuteRequest request;
    for (int i = 0; i < kCommandsPerMessage; ++i) {
      *request.add_commands() = NewContact(Uuid::Generate(SystemClock(), SystemRandom()));
    }
    return request;
  }

  const Client client_;
  grpc::ClientContext context_;
  std::atomic<uint64_t> sent_ = 0;
  std::thread thread_;
};

// A replay of the ledger of which nothing is read.
class SilentReplay {
 public:
  explicit SilentReplay(const Client& client) {
    client.Prepare(context_);
    context_.set_deadline(std::chrono::system_clock::now() + kCallLimit);
    reader_ = v1::HistoryService::NewStub(client.channel())->ReplayLedger(&context_, {});
  }
  ~SilentReplay() {
    context_.TryCancel();
    reader_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::ReplayResponse>> reader_;
};

class Silence : public ::testing::Test {
 protected:
  LoadReport OthersFor(seconds lasting) {
    return RunUnaryLoad(server_.cast(), {64, 4, lasting, seconds(0)});
  }

  // Calls of others are answered while `silent` is silent.
  void ExpectOthersGoOn(const char* silent) {
    const LoadReport others = OthersFor(seconds(2));
    std::printf("%s: %.0f calls of others a second, %lld ms at most\n", silent,
                others.taken_per_second, static_cast<long long>(others.outcomes.slowest().count()));
    EXPECT_EQ(others.outcomes.unexpected(), 0u) << others.outcomes.first_unexpected();
    EXPECT_FALSE(others.outcomes.taken().empty());
    EXPECT_TRUE(others.outcomes.refused().empty()) << "the silent ones hold the room of others";
  }

  void ExpectGrowth(const char* silent, uint64_t before, uint64_t most) {
    const uint64_t peak = server_.memory().peak_bytes;
    std::printf("%s: server had %llu MiB, at most %llu MiB\n", silent,
                static_cast<unsigned long long>(before / kMebibyte),
                static_cast<unsigned long long>(peak / kMebibyte));
    EXPECT_LT(peak, before + most + kMostGrowthByOthers);
  }

  void ExpectEndsInTime() {
    const auto asked = SteadyClock::now();
    server_.process().Signal(SIGTERM);
    EXPECT_EQ(server_.process().Wait(), 0) << server_.process().err();
    const auto took = SteadyClock::now() - asked;
    EXPECT_LT(took, kDrain + kMostAfterDrain);
    std::printf("ended after %lld ms\n",
                static_cast<long long>(took / std::chrono::milliseconds(1)));
  }

  uint64_t Resident() { return server_.memory().resident_bytes; }

  LoadedServer server_{{"--drain-seconds", std::to_string(kDrain.count())}};
};

TEST_F(Silence, OfBatchSendersHoldsBackOnlyThemselves) {
  OthersFor(seconds(2));
  const uint64_t before = Resident();
  std::vector<std::unique_ptr<SilentSender>> senders;
  for (int i = 0; i < kSilentSenders; ++i) {
    senders.push_back(std::make_unique<SilentSender>(server_.cast()));
  }
  const auto sent = [&] {
    uint64_t all = 0;
    for (const auto& sender : senders) all += sender->sent();
    return all;
  };
  // They are stuck when others were served for a second and nothing more was taken from them.
  uint64_t seen = 0;
  ASSERT_TRUE(Eventually([&] {
    seen = sent();
    OthersFor(seconds(1));
    return seen > 0 && sent() == seen;
  })) << "the server reads for ever";
  for (const auto& sender : senders) EXPECT_LE(sender->sent(), kMostMessagesEach);
  ExpectOthersGoOn("senders");
  ExpectGrowth("senders", before, kMostGrowthBySenders);
  ExpectEndsInTime();
}

TEST_F(Silence, OfSubscribersAndReplaysHoldsBackOnlyThemselves) {
  const Client sender(server_.cast(), "", kLoadSender);
  const std::string note(20'000, 'x');
  for (int i = 0; i < 500; ++i) {
    sender.Record("", "contact_received { channel: 'sms' note { text: '" + note + "' } }");
  }
  OthersFor(seconds(2));
  const uint64_t before = Resident();
  const Client auditor = server_.auditor();
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  std::vector<std::unique_ptr<SilentReplay>> replays;
  for (int i = 0; i < kSilentReaders; ++i) {
    clients.push_back(std::make_unique<Client>(server_.cast(), "", Cast::Auditor()));
    subscribers.push_back(std::make_unique<Subscriber>(*clients.back(), 0));
    replays.push_back(std::make_unique<SilentReplay>(*clients.back()));
  }
  ExpectOthersGoOn("readers");
  EXPECT_TRUE(Eventually([&] {
    return auditor.Replay(0, 1).status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
  })) << "any number of replays";
  ExpectOthersGoOn("readers");
  ExpectGrowth("readers", before, kMostGrowthByReaders);
  replays.clear();
  EXPECT_TRUE(Eventually([&] { return auditor.Replay(0, 1).ok(); })) << "places do not come back";
  ExpectEndsInTime();
}

}  // namespace
}  // namespace caseledger::testing
