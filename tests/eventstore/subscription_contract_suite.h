// Contract of EventLog, part 4: subscriptions. Include log_contract_suite.h, not this.
#pragma once

#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/eventstore/log_fixture.h"

namespace caseledger::eventstore::testing {

using Change = Subscription::Change;

// Longer than any test may take: what is waited for comes, or the test fails.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// Follows a subscription and checks that every position comes once and in order.
class Follower {
 public:
  Follower(EventLog& log, uint64_t from) : next_(from) {
    absl::StatusOr<std::unique_ptr<Subscription>> subscription = log.Subscribe(from);
    EXPECT_TRUE(subscription.ok()) << subscription.status();
    if (subscription.ok()) subscription_ = *std::move(subscription);
  }

  Change Next() {
    absl::StatusOr<Subscription::Delivery> delivery = subscription_->Next(kPatience);
    if (!delivery.ok()) {
      ADD_FAILURE() << delivery.status();
      std::abort();
    }
    for (const RecordedEvent& event : delivery->events) EXPECT_EQ(event.position, next_++);
    EXPECT_EQ(delivery->next_position, next_);
    // Each change comes exactly once, in turn.
    if (delivery->change != Change::kNone) {
      EXPECT_EQ(delivery->change, caught_up_ ? Change::kFellBehind : Change::kCaughtUp);
      caught_up_ = !caught_up_;
    }
    return delivery->change;
  }
  void FollowUntil(uint64_t position) {
    while (next_ < position) Next();
  }
  void FollowUntilCaughtUp() {
    while (Next() != Change::kCaughtUp) {
    }
  }

  uint64_t next() const { return next_; }
  bool caught_up() const { return caught_up_; }
  Subscription& subscription() { return *subscription_; }

 private:
  std::unique_ptr<Subscription> subscription_;
  uint64_t next_;
  bool caught_up_ = false;
};

// Threads that append while a test reads; joined at the end.
class Writers {
 public:
  Writers(EventLog& log, uint64_t writers, uint64_t appends) {
    for (uint64_t writer = 0; writer < writers; ++writer) {
      threads_.emplace_back([&log, writer, appends] {
        for (uint64_t i = 0; i < appends; ++i) MustAppend(log, CaseStream(writer));
      });
    }
  }
  ~Writers() {
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::vector<std::thread> threads_;
};

TEST_P(LogContract, SubscriptionFromTheStartPagesThenGoesLive) {
  LogLimits limits;
  limits.max_page_events = 3;
  EventLog& log = harness_.Open(limits);
  for (int i = 0; i < 10; ++i) MustAppend(log, CaseStream(1));
  Follower follower(log, 0);
  EXPECT_EQ(follower.Next(), Change::kNone);
  EXPECT_EQ(follower.next(), 3u);
  follower.FollowUntilCaughtUp();
  EXPECT_EQ(follower.next(), 10u);
  MustAppend(log, CaseStream(1));
  EXPECT_EQ(follower.Next(), Change::kNone);
  EXPECT_EQ(follower.next(), 11u);
}

TEST_P(LogContract, SubscriptionFromTheEndIsCaughtUpAtOnce) {
  EventLog& log = harness_.Open();
  MustAppend(log, CaseStream(1));
  Follower follower(log, 1);
  EXPECT_EQ(follower.Next(), Change::kCaughtUp);
  EXPECT_EQ(follower.subscription().Next(absl::ZeroDuration()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  MustAppend(log, CaseStream(1));
  EXPECT_EQ(follower.Next(), Change::kNone);
  EXPECT_EQ(follower.next(), 2u);
  EXPECT_EQ(log.Subscribe(3).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_P(LogContract, SlowSubscriberIsToldThatItFellBehindAndLosesNothing) {
  LogLimits limits;
  limits.subscriber_buffer_events = 4;
  EventLog& log = harness_.Open(limits);
  Follower follower(log, 0);
  EXPECT_EQ(follower.Next(), Change::kCaughtUp);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) MustAppend(log, CaseStream(1));
    EXPECT_EQ(follower.Next(), Change::kFellBehind);
    follower.FollowUntilCaughtUp();
    EXPECT_EQ(follower.next(), log.Head().next_position);
  }
}

TEST_P(LogContract, SubscriberThatNeverCaughtUpDoesNotFallBehind) {
  LogLimits limits;
  limits.subscriber_buffer_events = 4;
  EventLog& log = harness_.Open(limits);
  MustAppend(log, CaseStream(1));
  Follower follower(log, 0);
  for (int i = 0; i < 10; ++i) MustAppend(log, CaseStream(1));
  while (!follower.caught_up()) EXPECT_NE(follower.Next(), Change::kFellBehind);
  EXPECT_EQ(follower.next(), 11u);
}

TEST_P(LogContract, BufferIsBoundedInBytesToo) {
  LogLimits limits;
  limits.subscriber_buffer_bytes = 1000;
  EventLog& log = harness_.Open(limits);
  Follower follower(log, 0);
  EXPECT_EQ(follower.Next(), Change::kCaughtUp);
  for (int i = 0; i < 20; ++i) MustAppend(log, CaseStream(1));
  EXPECT_EQ(follower.Next(), Change::kFellBehind);
  follower.FollowUntilCaughtUp();
  EXPECT_EQ(follower.next(), 20u);
}

TEST_P(LogContract, SubscribersOfEverySpeedSeeEveryEventOnceWhileWritersWrite) {
  constexpr uint64_t kWriters = 3;
  constexpr uint64_t kAppends = 100;
  LogLimits limits;
  limits.subscriber_buffer_events = 16;  // so that they fall behind now and then
  limits.max_page_events = 8;
  EventLog& log = harness_.Open(limits);
  Writers writers(log, kWriters, kAppends);
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&log] {
      Follower follower(log, 0);
      follower.FollowUntil(kWriters * kAppends);
    });
  }
  for (std::thread& reader : readers) reader.join();
}

TEST_P(LogContract, ResumingAtEveryPositionLosesAndDoublesNothing) {
  constexpr uint64_t kWriters = 2;
  constexpr uint64_t kAppends = 100;
  LogLimits limits;
  limits.max_page_events = 1;  // each delivery while paging is one position
  limits.subscriber_buffer_events = 8;
  EventLog& log = harness_.Open(limits);
  Writers writers(log, kWriters, kAppends);
  uint64_t next = 0;
  while (next < kWriters * kAppends) {
    Follower follower(log, next);
    follower.Next();
    if (follower.next() == next) follower.Next();
    next = follower.next();
  }
  EXPECT_EQ(next, kWriters * kAppends);
}

TEST_P(LogContract, CancelWakesAWaitingSubscriber) {
  EventLog& log = harness_.Open();
  Follower follower(log, 0);
  EXPECT_EQ(follower.Next(), Change::kCaughtUp);
  std::thread canceller([&follower] { follower.subscription().Cancel(); });
  EXPECT_EQ(follower.subscription().Next(kPatience).status().code(), absl::StatusCode::kCancelled);
  canceller.join();
  EXPECT_EQ(follower.subscription().Next(kPatience).status().code(), absl::StatusCode::kCancelled);
}

TEST_P(LogContract, CloseEndsSubscriptionsWhichMayOutliveTheLog) {
  EventLog& log = harness_.Open();
  MustAppend(log, CaseStream(1));
  Follower waiting(log, 1);
  Follower paging(log, 0);
  EXPECT_EQ(waiting.Next(), Change::kCaughtUp);
  std::thread closer([&log] { log.Close(); });
  EXPECT_EQ(waiting.subscription().Next(kPatience).status().code(), absl::StatusCode::kCancelled);
  closer.join();
  harness_.Restart();
  EXPECT_EQ(paging.subscription().Next(kPatience).status().code(), absl::StatusCode::kCancelled);
}

TEST_P(LogContract, SubscribersAreLimitedAndEndedOnesDoNotCount) {
  LogLimits limits;
  limits.max_subscribers = 2;
  EventLog& log = harness_.Open(limits);
  auto first = log.Subscribe(0);
  auto second = log.Subscribe(0);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(log.Subscribe(0).status().code(), absl::StatusCode::kResourceExhausted);
  first->reset();
  EXPECT_TRUE(log.Subscribe(0).ok());
  (*second)->Cancel();
  EXPECT_TRUE(log.Subscribe(0).ok());
}

TEST_P(LogContract, ClientsAndWorkersDoNotTakeEachOthersPlaces) {
  LogLimits limits;
  limits.max_subscribers = 1;
  limits.max_worker_subscribers = 1;
  EventLog& log = harness_.Open(limits);
  const auto client = log.Subscribe(0, SubscriberKind::kClient);
  const auto worker = log.Subscribe(0, SubscriberKind::kWorker);
  EXPECT_TRUE(client.ok() && worker.ok());
  for (const SubscriberKind kind : {SubscriberKind::kClient, SubscriberKind::kWorker}) {
    EXPECT_EQ(log.Subscribe(0, kind).status().code(), absl::StatusCode::kResourceExhausted);
  }
}

}  // namespace caseledger::eventstore::testing
