// More than the server can take: too many commands, too many subscribers.
#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "caseledger/v1/batch.grpc.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"
#include "tests/integration/support/subscriber.h"

namespace caseledger::testing {
namespace {

// A refusal that waits its turn in the queue would be no answer to overload. Far above what it
// takes, far below the calls' deadline.
constexpr std::chrono::seconds kPromptly{5};

v1::Command Contact() { return CommandOf("", "contact_received { channel: 'sms' }"); }

void ExpectOverloaded(const Refusal& refusal) {
  EXPECT_EQ(refusal.reason, "OVERLOADED");
  EXPECT_GT(refusal.retry_milliseconds, 0) << "nothing says when to try again";
  EXPECT_FALSE(refusal.sentences.at("vi").empty());
  EXPECT_FALSE(refusal.sentences.at("en").empty());
}

// What became of the commands of one message, in order.
struct BatchOutcome {
  std::vector<bool> taken;
  std::set<std::string> acknowledged;
  std::vector<v1::Command> refused;
};

BatchOutcome Execute(const Client& client, const v1::ExecuteRequest& request) {
  BatchOutcome outcome;
  grpc::ClientContext context;
  client.Prepare(context);
  const auto stub = v1::BatchService::NewStub(client.channel());
  const auto stream = stub->Execute(&context);
  EXPECT_TRUE(stream->Write(request));
  stream->WritesDone();
  v1::ExecuteResponse response;
  while (stream->Read(&response)) {
    for (const v1::CommandAnswer& answer : response.answers()) {
      const v1::Command& command = request.commands(static_cast<int>(outcome.taken.size()));
      EXPECT_EQ(answer.request_id(), command.header().request_id());
      outcome.taken.push_back(!answer.has_error());
      if (!answer.has_error()) {
        outcome.acknowledged.insert(answer.request_id());
        continue;
      }
      EXPECT_EQ(answer.error().code(), int{grpc::StatusCode::RESOURCE_EXHAUSTED});
      ExpectOverloaded(ExplainStatus(answer.error()));
      outcome.refused.push_back(command);
    }
  }
  EXPECT_TRUE(stream->Finish().ok()) << "a busy server ends no stream";
  EXPECT_EQ(static_cast<int>(outcome.taken.size()), request.commands_size());
  EXPECT_FALSE(outcome.acknowledged.empty());
  EXPECT_FALSE(outcome.refused.empty());
  return outcome;
}

v1::ExecuteRequest FullMessage() {
  v1::ExecuteRequest request;
  for (int i = 0; i < 256; ++i) *request.add_commands() = Contact();
  return request;
}

class SmallQueue : public ServerTest {
 protected:
  SmallQueue() {
    options_.log_limits.max_appends_waiting = 3;
    options_.log_limits.max_batch_appends = 2;
  }

  // The ledger holds exactly the events that were acknowledged, after those before `from`.
  void ExpectRecorded(uint64_t from, const std::set<std::string>& acknowledged) {
    const auto all = auditor().Replay(from);
    ASSERT_TRUE(all.ok());
    ExpectGapless(all.value, from);
    std::set<std::string> recorded;
    for (const v1::RecordedEvent& event : all.value) recorded.insert(event.request_id());
    EXPECT_EQ(recorded.size(), all.value.size()) << "recorded twice";
    EXPECT_EQ(recorded, acknowledged);
  }

  // Refused commands can be sent again with the same request id.
  void ExpectTakesAgain(const std::vector<v1::Command>& refused) {
    const uint64_t head = client().EventCount();
    for (const v1::Command& command : refused) {
      EXPECT_FALSE(client().Record(command).already_recorded());
    }
    EXPECT_EQ(client().EventCount(), head + refused.size());
  }
};

TEST_F(SmallQueue, RefusesTheCallsItHasNoRoomForAndKeepsTheOthers) {
  const uint64_t head = client().EventCount();
  constexpr int kCallers = 16;
  constexpr int kCallsEach = 50;
  std::mutex mutex;
  std::set<std::string> acknowledged;
  std::vector<v1::Command> refused;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      const Client own(cast());
      for (int j = 0; j < kCallsEach; ++j) {
        const v1::Command command = Contact();
        const auto begun = std::chrono::steady_clock::now();
        const auto answer = own.Send(command);
        const auto took = std::chrono::steady_clock::now() - begun;
        const std::lock_guard lock(mutex);
        if (answer.ok()) {
          acknowledged.insert(command.header().request_id());
          continue;
        }
        EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
        ExpectOverloaded(Explain(answer.status));
        EXPECT_LT(took, kPromptly);
        refused.push_back(command);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_FALSE(refused.empty());
  EXPECT_FALSE(acknowledged.empty());
  ExpectRecorded(head, acknowledged);
  ExpectTakesAgain(refused);
}

TEST_F(SmallQueue, AnswersEveryCommandOfABatchItHasNoRoomFor) {
  const uint64_t head = client().EventCount();
  const BatchOutcome outcome = Execute(client(), FullMessage());
  ExpectRecorded(head, outcome.acknowledged);
  ExpectTakesAgain(outcome.refused);
}

TEST_F(SmallQueue, TakesNothingAfterTheFirstItRefusedWhenTheOrderIsToBeKept) {
  v1::ExecuteRequest request = FullMessage();
  request.set_keep_order(true);
  const uint64_t head = client().EventCount();
  const BatchOutcome outcome = Execute(client(), request);
  EXPECT_TRUE(std::is_partitioned(outcome.taken.begin(), outcome.taken.end(), [](bool taken) {
    return taken;
  })) << "a later command overtook one that was refused";
  ExpectRecorded(head, outcome.acknowledged);
  ExpectTakesAgain(outcome.refused);
}

class FewSubscribers : public ServerTest {
 protected:
  FewSubscribers() { options_.max_subscribers = 2; }
};

TEST_F(FewSubscribers, OneMoreIsRefusedAtOnceAndToldWhenToTryAgain) {
  auto first = std::make_unique<Subscriber>(auditor(), 0);
  Subscriber second(auditor(), 0);
  ASSERT_TRUE(first->ReadOne());
  ASSERT_TRUE(second.ReadOne());
  Subscriber third(auditor(), 0);
  EXPECT_FALSE(third.ReadOne());
  const grpc::Status refused = third.Finish();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  ExpectOverloaded(Explain(refused));
  const uint64_t recorded = client().Record(Contact()).events(0).position();
  ASSERT_TRUE(second.ReadUntil(recorded + 1)) << "the others go on";
  first.reset();
  EXPECT_TRUE(Eventually([&] { return Subscriber(auditor(), 0).ReadOne(); }));
}

}  // namespace
}  // namespace caseledger::testing
