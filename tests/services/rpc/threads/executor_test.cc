// Lanes take turns, and none has all threads.
#include "services/rpc/threads/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace caseledger::testing {
namespace {

using rpc::Executor;

// Holds whoever comes until it is opened.
class Gate {
 public:
  std::function<void()> Work() {
    return [future = future_] { future.wait(); };
  }
  void Open() { open_.set_value(); }

 private:
  std::promise<void> open_;
  std::shared_future<void> future_ = open_.get_future().share();
};

class Notes {
 public:
  std::function<void()> Work(const std::string& note) {
    return [this, note] {
      const std::lock_guard lock(mutex_);
      notes_.push_back(note);
    };
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> notes_;
};

TEST(Executor, LanesTakeTurnsHoweverMuchOneOfThemWaitsFor) {
  Notes notes;
  Gate gate;
  {
    Executor executor(1, 100);
    ASSERT_TRUE(executor.Post("flood", gate.Work()));
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(executor.Post("flood", notes.Work("flood")));
    ASSERT_TRUE(executor.Post("quiet", notes.Work("quiet 1")));
    ASSERT_TRUE(executor.Post("quiet", notes.Work("quiet 2")));
    gate.Open();
  }
  EXPECT_THAT(notes.all(),
              ::testing::ElementsAre("quiet 1", "flood", "quiet 2", "flood", "flood", "flood"));
}

TEST(Executor, WorkThatHangsLeavesAThreadToOthers) {
  Gate gate;
  Executor executor(4, 100);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(executor.Post("flood", gate.Work()));
  for (int i = 0; i < 100; ++i) {
    std::promise<void> done;
    ASSERT_TRUE(executor.Post("quiet", [&done] { done.set_value(); }));
    done.get_future().wait();
  }
  gate.Open();
}

TEST(Executor, OneLaneFillsHalfOfTheRoomAtMost) {
  Gate gate;
  Executor executor(1, 10);
  std::promise<void> begun;
  ASSERT_TRUE(executor.Post("flood", [&begun, work = gate.Work()] {
    begun.set_value();
    work();
  }));
  begun.get_future().wait();
  int taken = 0;
  while (executor.Post("flood", [] {})) ++taken;
  EXPECT_EQ(taken, 5);
  while (executor.Post("quiet", [] {})) ++taken;
  EXPECT_EQ(taken, 10);
  EXPECT_FALSE(executor.Post("third", [] {}));
  gate.Open();
}

// For ThreadSanitizer; everything that was taken runs, also at the end.
TEST(Executor, RunsAllThatWasTaken) {
  std::atomic<int> taken = 0;
  std::atomic<int> ran = 0;
  {
    Executor executor(3, 64);
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 3'000; ++i) {
          while (!executor.Post(std::to_string((t * i) % 5), [&ran] { ++ran; })) {
            std::this_thread::yield();
          }
          ++taken;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(ran, taken);
  EXPECT_EQ(taken, 9'000);
}

}  // namespace
}  // namespace caseledger::testing
