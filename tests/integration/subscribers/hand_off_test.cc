// From what is stored to what is live: subscriptions that begin at every position of a ledger, and
// at every distance from its end, while it grows.
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/integration/overload/command_load.h"
#include "tests/integration/subscribers/follower.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

constexpr int kWriters = 2;
// Recorded while each subscription runs: enough for the hand-off to fall before, among and after.
constexpr uint64_t kEventsEach = 6;
constexpr uint64_t kPositions = 160;
// More than two live buffers.
constexpr uint64_t kDistances = 40;

// Clients that record as many contacts as they are allowed. Nobody else may write. Thread-safe.
class PacedWriters {
 public:
  explicit PacedWriters(Cast& cast)
      : allowed_(Client(cast, "", kLoadSender).EventCount()), taken_(allowed_) {
    for (int i = 0; i < kWriters; ++i) {
      threads_.emplace_back([this, &cast] { Run(Client(cast, "", kLoadSender)); });
    }
  }
  ~PacedWriters() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    allowed_more_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  // Lets them record more; returns how many events the ledger will have then.
  uint64_t Allow(uint64_t more) {
    const std::lock_guard lock(mutex_);
    allowed_ += more;
    allowed_more_.notify_all();
    return allowed_;
  }

 private:
  void Run(const Client& client) {
    while (Take()) client.Record("", "contact_received { channel: 'app' }");
  }
  bool Take() {
    std::unique_lock lock(mutex_);
    allowed_more_.wait(lock, [this] { return ending_ || taken_ < allowed_; });
    if (ending_) return false;
    ++taken_;
    return true;
  }

  std::mutex mutex_;
  std::condition_variable allowed_more_;
  // Both with what the ledger held before.
  uint64_t allowed_;
  uint64_t taken_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

class HandOff : public ServerTest {
 protected:
  HandOff() {
    options_.log_limits.max_page_events = 7;
    options_.log_limits.subscriber_buffer_events = 16;
  }

  // Follows from `from` while the ledger grows, until it is caught up and everything came.
  void Follow(PacedWriters& writers, uint64_t from) {
    SCOPED_TRACE(::testing::Message() << "from " << from);
    Follower follower(cast(), from);
    follower.Resume();
    const uint64_t end = writers.Allow(kEventsEach);
    ASSERT_TRUE(follower.ReadUntil(end));
    ASSERT_TRUE(follower.ReadUntilCaughtUp());
    EXPECT_EQ(follower.event_ids().size(), follower.next() - from);
    const uint64_t live = writers.Allow(1);
    ASSERT_TRUE(follower.ReadUntil(live)) << "nothing comes after the hand-off";
  }
};

TEST_F(HandOff, AtEveryPositionLosesAndDoublesNothing) {
  PacedWriters writers(cast());
  for (uint64_t from = 0; from < kPositions && !HasFatalFailure(); ++from) Follow(writers, from);
}

TEST_F(HandOff, AtEveryDistanceFromTheEndLosesAndDoublesNothing) {
  PacedWriters writers(cast());
  ASSERT_TRUE(
      Eventually([&, all = writers.Allow(kDistances)] { return client().EventCount() == all; }));
  for (uint64_t round = 0; round < 4 * kDistances && !HasFatalFailure(); ++round) {
    Follow(writers, client().EventCount() - round % kDistances);
  }
}

// Many at a time, each leaving in the middle of a message and coming back, more often than the
// ledger has pages.
TEST_F(HandOff, OfManyWhoComeAndGoLosesAndDoublesNothing) {
  constexpr int kFollowers = 8;
  PacedWriters writers(cast());
  const uint64_t end = writers.Allow(1500);
  std::vector<std::vector<std::string>> seen(kFollowers);
  std::vector<std::thread> threads;
  for (int i = 0; i < kFollowers; ++i) {
    threads.emplace_back([&, i] {
      Follower follower(cast());
      while (follower.next() < end) {
        follower.Resume();
        for (int reads = 0; reads <= 3 * i && follower.next() < end; ++reads) {
          ASSERT_TRUE(follower.ReadOne());
        }
      }
      seen[static_cast<size_t>(i)] = follower.event_ids();
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto all = auditor().Replay();
  ASSERT_EQ(all.value.size(), end);
  std::vector<std::string> expected;
  for (const v1::RecordedEvent& event : all.value) expected.push_back(event.event_id());
  for (const std::vector<std::string>& ids : seen) EXPECT_TRUE(ids == expected);
}

}  // namespace
}  // namespace caseledger::testing
