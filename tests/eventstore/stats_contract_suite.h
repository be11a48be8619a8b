// Contract of EventLog, part 6: what it counts about itself. Include log_contract_suite.h, not
// this.
#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "tests/eventstore/log_fixture.h"

namespace caseledger::eventstore::testing {

inline uint64_t CountOf(const DistributionCounts& counts) {
  return std::accumulate(counts.counts.begin(), counts.counts.end(), uint64_t{0});
}

TEST_P(LogContract, StatsOfANewLogAreNothing) {
  LogLimits limits;
  limits.max_appends_waiting = 7;
  const LogStats stats = harness_.Open(limits).Stats();
  EXPECT_EQ(stats.appends_waiting, 0u);
  EXPECT_EQ(stats.max_appends_waiting, 7u);
  EXPECT_EQ(stats.client_subscribers + stats.worker_subscribers, 0u);
  EXPECT_EQ(CountOf(stats.batch_events), 0u);
  EXPECT_EQ(CountOf(stats.append_micros), 0u);
}

TEST_P(LogContract, StatsShowWhatWaitsAndThenTheBatchItBecame) {
  EventLog& log = harness_.Open();
  std::vector<Answer> answers;
  {
    Gate gate(log);
    EXPECT_EQ(log.Stats().appends_waiting, 1u) << "the gate itself, which is being decided";
    for (int i = 0; i < 6; ++i) answers.push_back(SubmitTo(log, RequestFor(CaseStream(1))));
    EXPECT_EQ(log.Stats().appends_waiting, 7u);
  }
  for (Answer& answer : answers) ASSERT_TRUE(answer.get().ok());
  const LogStats stats = log.Stats();
  EXPECT_EQ(stats.appends_waiting, 0u);
  EXPECT_EQ(stats.batch_events.sum, log.Head().next_position);
  EXPECT_EQ(stats.batch_events.counts.at(3), 1u) << "one batch of six, which is 5 to 10";
  EXPECT_EQ(CountOf(stats.commit_micros), CountOf(stats.batch_events));
  EXPECT_GE(CountOf(stats.append_micros), 6u);
}

TEST_P(LogContract, StatsCountRefusalsAsAnswersAndNotAsWrites) {
  EventLog& log = harness_.Open();
  EXPECT_FALSE(log.Append(RequestFor(CaseStream(1), Expected::Exists())).ok());
  const LogStats stats = log.Stats();
  EXPECT_EQ(CountOf(stats.append_micros), 1u);
  EXPECT_EQ(CountOf(stats.batch_events), 0u);
  EXPECT_EQ(CountOf(stats.commit_micros), 0u);
}

TEST_P(LogContract, StatsCountSubscribersOfEachKindUntilTheyEnd) {
  EventLog& log = harness_.Open();
  auto client = log.Subscribe(0);
  auto worker = log.Subscribe(0, SubscriberKind::kWorker);
  auto another = log.Subscribe(0, SubscriberKind::kWorker);
  EXPECT_EQ(log.Stats().client_subscribers, 1u);
  EXPECT_EQ(log.Stats().worker_subscribers, 2u);
  (*another)->Cancel();
  EXPECT_EQ(log.Stats().worker_subscribers, 1u);
  client->reset();
  EXPECT_EQ(log.Stats().client_subscribers, 0u);
}

}  // namespace caseledger::eventstore::testing
