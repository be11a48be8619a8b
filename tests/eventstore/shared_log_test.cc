// Logs that share a ledger over the memory engine, and what they do when it fails.
#include "tests/eventstore/memory_log_fixture.h"
#include "tests/eventstore/shared_log_suite.h"

namespace caseledger::eventstore::testing {
namespace {

using ::testing::HasSubstr;

class OneEngine final : public SharedStorage {
 public:
  explicit OneEngine(MemoryEngineOptions options) : engine_(std::move(options)) {}
  Engine& EngineOf(size_t) override { return engine_; }

 private:
  MemoryEngine engine_;
};

SharedParam Memory(const std::string& name, int resolve_runs) {
  return {name, [resolve_runs]() -> std::unique_ptr<SharedStorage> {
            MemoryEngineOptions options;
            options.resolve_runs = resolve_runs;
            return std::make_unique<OneEngine>(std::move(options));
          }};
}

INSTANTIATE_TEST_SUITE_P(Memory, SharedLog,
                         ::testing::Values(Memory("Memory", 1), Memory("MemoryResolvingAgain", 3)),
                         [](const auto& suite) { return suite.param.name; });

class SharedLogFailure : public MemoryLogTest {
 protected:
  EventLog& Open(MemoryEngineOptions options, const LogLimits& limits = {}) {
    options.goes_on = true;
    MakeEngine(std::move(options));
    log_ = OpenAnother(limits);
    return *log_;
  }
  std::unique_ptr<EventLog> OpenAnother(const LogLimits& limits = {}) {
    SequencerOptions options = LogOptions();
    options.shared = true;
    options.look = std::chrono::hours(1);
    options.limits = limits;
    auto opened = OpenLog(*engine_, kLedger, options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }
};

TEST_F(SharedLogFailure, AnOutageHitsThoseWhoWaitAndPasses) {
  MemoryEngineOptions options;
  options.before_write =
      FailsWhenBroken(absl::UnavailableError("nothing was written: no database"));
  EventLog& log = Open(std::move(options));
  MustAppend(log, CaseStream(1));
  broken_ = true;
  Answer refused, writes, refused_after;
  {
    Gate gate(log);
    refused = SubmitTo(log, RequestFor(CaseStream(1), Expected::None()));
    writes = SubmitTo(log, RequestFor(CaseStream(2)));
    refused_after = SubmitTo(log, RequestFor(CaseStream(2), Expected::None()));
  }
  EXPECT_EQ(refused.get().status().code(), absl::StatusCode::kAborted);
  const auto failed = writes.get();
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(failed.status().message()), HasSubstr("nothing was written"));
  EXPECT_EQ(refused_after.get().status().code(), absl::StatusCode::kUnavailable)
      << "it was refused for what was not written";
  EXPECT_EQ(log.health().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(log.Head().next_position, 1u);
  broken_ = false;
  EXPECT_EQ(MustAppend(log, CaseStream(2)).position, 1u);
  EXPECT_TRUE(log.health().ok()) << log.health();
}

TEST_F(SharedLogFailure, WhatWasCommittedUnseenIsShownWithTheNextCommit) {
  MemoryEngineOptions options;
  options.after_write = FailsWhenBroken(absl::UnavailableError("the outcome is unknown"));
  EventLog& log = Open(std::move(options));
  broken_ = true;
  const Uuid id = NextId();
  const Decision one{{EventFor(CaseStream(1))}, {{CaseStream(1), Expected::None()}}, {}};
  EXPECT_EQ(log.Append(RequestWith(one, id)).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(log.Head().next_position, 0u) << "not acknowledged, so not shown";
  broken_ = false;
  const auto again = log.Append(RequestWith(one, id));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->already_appended);
  EXPECT_EQ(log.Head().next_position, 1u);
  EXPECT_EQ(MustAppend(log, CaseStream(1)).revision, 2u);
  EXPECT_EQ(Follow(log, 2).size(), 2u);
}

TEST_F(SharedLogFailure, WhoIsAnsweredInAnOutageFindsAHeadThatCoversIt) {
  MemoryEngineOptions options;
  options.before_write =
      FailsWhenBroken(absl::UnavailableError("nothing was written: no database"));
  EventLog& log = Open(std::move(options));
  const std::unique_ptr<EventLog> other = OpenAnother();
  const Uuid id = NextId();
  const Decision one{{EventFor(CaseStream(1))}, {}, {}};
  ASSERT_TRUE(other->Append(RequestWith(one, id)).ok());
  broken_ = true;
  Answer again, writes;
  {
    Gate gate(log);
    again = SubmitTo(log, RequestWith(one, id));
    writes = SubmitTo(log, RequestFor(CaseStream(2)));
  }
  const auto repeated = again.get();
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_TRUE(repeated->already_appended);
  EXPECT_EQ(log.Head().next_position, 1u);
  EXPECT_EQ(writes.get().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(SharedLogFailure, ClosingWaitsForOneFailureAndNotForThoseOfAllWhoWait) {
  std::atomic<int> attempts = 0;
  MemoryEngineOptions options;
  options.before_write = [&attempts](const EngineBatch&) {
    ++attempts;
    return absl::UnavailableError("nothing was written: no database");
  };
  LogLimits limits;
  limits.max_batch_appends = 1;
  EventLog& log = Open(std::move(options), limits);
  std::vector<Answer> answers;
  std::thread closer;
  {
    Gate gate(log);
    for (uint64_t i = 0; i < 20; ++i) answers.push_back(SubmitTo(log, RequestFor(CaseStream(i))));
    closer = std::thread([&log] { log.Close(); });
    while (log.health().ok()) std::this_thread::yield();
  }
  closer.join();
  for (Answer& answer : answers) {
    EXPECT_EQ(answer.get().status().code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(attempts.load(), 1);
}

TEST_F(SharedLogFailure, WhatIsNoOutageEndsTheLog) {
  MemoryEngineOptions options;
  options.before_write = FailsWhenBroken(absl::DataLossError("a record is damaged"));
  EventLog& log = Open(std::move(options));
  broken_ = true;
  EXPECT_EQ(log.Append(RequestFor(CaseStream(1))).status().code(), absl::StatusCode::kDataLoss);
  broken_ = false;
  EXPECT_EQ(log.Append(RequestFor(CaseStream(1))).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(log.health().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace caseledger::eventstore::testing
