// Contract of EventLog, part 3: limits, reading, many writers, closing. Include
// log_contract_suite.h, not this.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/eventstore/log_fixture.h"

namespace caseledger::eventstore::testing {

TEST_P(LogContract, OversizedEventIsRefused) {
  LogLimits limits;
  limits.max_event_bytes = 1000;
  EventLog& log = harness_.Open(limits);
  const auto append = [&log](size_t bytes) {
    return log
        .Append(RequestWith(Decision{{EventFor(CaseStream(1), std::string(bytes, 'x'))}, {}, {}}))
        .status();
  };
  EXPECT_EQ(append(1001).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(append(1000).code(), absl::StatusCode::kInvalidArgument) << "the envelope counts too";
  EXPECT_TRUE(append(500).ok());
}

TEST_P(LogContract, TooManyEventsAreRefused) {
  LogLimits limits;
  limits.max_events_per_append = 2;
  EventLog& log = harness_.Open(limits);
  Decision decision{{EventFor(CaseStream(1)), EventFor(CaseStream(1))}, {}, {}};
  EXPECT_TRUE(log.Append(RequestWith(decision)).ok());
  decision.events.push_back(EventFor(CaseStream(1)));
  EXPECT_EQ(log.Append(RequestWith(decision)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(LogContract, TextThatCouldNotBeReadBackIsRefused) {
  EventLog& log = harness_.Open();
  AppendRequest request = RequestFor(CaseStream(1));
  request.origin.purpose = "\xC3\x28";
  EXPECT_EQ(log.Append(std::move(request)).status().code(), absl::StatusCode::kInvalidArgument);
  AppendRequest unnamed = RequestFor(CaseStream(1));
  unnamed.key.request_id = Uuid{};
  EXPECT_EQ(log.Append(std::move(unnamed)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(LogContract, FullQueueAnswersAtOnce) {
  LogLimits limits;
  limits.max_appends_waiting = 3;
  EventLog& log = harness_.Open(limits);
  std::vector<Answer> accepted;
  {
    Gate gate(log);  // one of the three
    accepted.push_back(SubmitTo(log, RequestFor(CaseStream(1))));
    accepted.push_back(SubmitTo(log, RequestFor(CaseStream(1))));
    EXPECT_EQ(SubmitTo(log, RequestFor(CaseStream(1))).get().status().code(),
              absl::StatusCode::kResourceExhausted);
  }
  for (Answer& answer : accepted) EXPECT_TRUE(answer.get().ok());
  EXPECT_TRUE(log.Append(RequestFor(CaseStream(1))).ok());
}

TEST_P(LogContract, BatchesKeepTheirOrderWhenTheyAreFull) {
  LogLimits limits;
  limits.max_batch_appends = 4;
  limits.max_batch_bytes = 1000;  // two or three of the events below
  EventLog& log = harness_.Open(limits);
  std::vector<Answer> answers;
  {
    Gate gate(log);
    for (uint64_t i = 0; i < 20; ++i) {
      answers.push_back(SubmitTo(
          log, RequestWith(Decision{{EventFor(CaseStream(1), std::string(300, 'x'))}, {}, {}})));
    }
    // Alone larger than a batch: it goes through all the same.
    answers.push_back(SubmitTo(
        log, RequestWith(Decision{{EventFor(CaseStream(1), std::string(5000, 'x'))}, {}, {}})));
  }
  uint64_t position = 0;
  for (Answer& answer : answers) {
    const auto result = answer.get();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->events.front().position, position++);
  }
}

TEST_P(LogContract, ReadsArePagedAndEndEmpty) {
  LogLimits limits;
  limits.max_page_events = 4;
  limits.max_page_bytes = 1000;
  EventLog& log = harness_.Open(limits);
  for (int i = 0; i < 10; ++i) MustAppend(log, CaseStream(1));
  EXPECT_EQ(log.ReadLedger(0, 0)->size(), 4u);
  EXPECT_EQ(log.ReadLedger(0, 100)->size(), 4u);
  EXPECT_EQ(log.ReadLedger(0, 2)->size(), 2u);
  EXPECT_EQ(log.ReadLedger(8, 0)->size(), 2u);
  EXPECT_TRUE(log.ReadLedger(10, 0)->empty());
  EXPECT_EQ(log.ReadLedger(11, 0).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(log.ReadStream(CaseStream(1), 1, 0)->size(), 4u);
  EXPECT_EQ(log.ReadStream(CaseStream(1), 9, 0)->front().revision, 9u);
  EXPECT_TRUE(log.ReadStream(CaseStream(1), 11, 0)->empty());
  EXPECT_TRUE(log.ReadStream(CaseStream(2), 1, 0)->empty());

  ASSERT_TRUE(
      log
          .Append(RequestWith(Decision{
              {EventFor(CaseStream(1), std::string(3000, 'x')), EventFor(CaseStream(1))}, {}, {}}))
          .ok());
  EXPECT_EQ(log.ReadLedger(10, 0)->size(), 1u) << "one event alone may exceed the page";
}

TEST_P(LogContract, PositionsAreGaplessUnderManyWriters) {
  constexpr uint64_t kWriters = 8;
  constexpr uint64_t kAppends = 100;
  EventLog& log = harness_.Open();
  std::atomic<uint64_t> lost{0};
  std::vector<std::thread> writers;
  for (uint64_t writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (uint64_t i = 0; i < kAppends; ++i) {
        // Every writer wants to be first in the shared stream; one wins each time.
        if (!log.Append(RequestFor(CaseStream(1000 + i), Expected::None())).ok()) ++lost;
        const auto own =
            log.Append(RequestFor(CaseStream(writer), i == 0 ? Expected::None() : Expected::At(i)));
        EXPECT_TRUE(own.ok()) << own.status();
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(lost.load(), (kWriters - 1) * kAppends);
  const std::vector<RecordedEvent> all = ReadAll(log);
  ASSERT_EQ(all.size(), kWriters * kAppends + kAppends);
  std::map<StreamId, Hash256> newest;
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].position, i);
    EXPECT_EQ(all[i].previous_leaf_hash, newest[all[i].stream]);
    newest[all[i].stream] = all[i].leaf_hash;
  }
  EXPECT_EQ(ReadAll(harness_.Restart()).size(), all.size());
}

TEST_P(LogContract, CloseFinishesWhatWasAccepted) {
  EventLog& log = harness_.Open();
  std::vector<Answer> accepted;
  std::thread closer;
  {
    Gate gate(log);
    for (int i = 0; i < 10; ++i) accepted.push_back(SubmitTo(log, RequestFor(CaseStream(1))));
    closer = std::thread([&log] { log.Close(); });
    while (log.health().ok()) std::this_thread::yield();
    EXPECT_EQ(SubmitTo(log, RequestFor(CaseStream(1))).get().status().code(),
              absl::StatusCode::kUnavailable);
  }
  closer.join();
  for (Answer& answer : accepted) EXPECT_TRUE(answer.get().ok());
  log.Close();
  EXPECT_EQ(log.Subscribe(0).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(harness_.Restart().Head().next_position, 10u);
}

}  // namespace caseledger::eventstore::testing
