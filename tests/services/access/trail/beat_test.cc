// What is given to a beat goes at the next one, in order, and all of it.
#include "services/access/trail/beat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace caseledger::access {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;

constexpr std::chrono::microseconds kInterval = std::chrono::milliseconds(20);

// How many whole beats have passed.
int64_t BeatsByNow() { return std::chrono::steady_clock::now().time_since_epoch() / kInterval; }

TEST(BeatTest, NothingGoesBeforeTheNextBeat) {
  Beat beat(kInterval);
  for (int i = 0; i < 10; ++i) {
    std::promise<int64_t> went;
    const int64_t given = BeatsByNow();
    beat.AtNext([&] { went.set_value(BeatsByNow()); });
    EXPECT_THAT(went.get_future().get(), Gt(given));
  }
}

TEST(BeatTest, GoesInOrder) {
  Beat beat(kInterval);
  std::vector<int> order;  // on the thread of the beat alone
  std::promise<void> last;
  for (int i = 1; i <= 3; ++i) beat.AtNext([&order, i] { order.push_back(i); });
  beat.AtNext([&last] { last.set_value(); });
  last.get_future().wait();
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(BeatTest, WhatWaitsAtTheEndStillGoes) {
  bool went = false;
  {
    Beat beat(std::chrono::hours(10'000));
    beat.AtNext([&went] { went = true; });
  }
  EXPECT_TRUE(went);
}

TEST(BeatTest, TakesFromManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kEach = 500;
  int went = 0;  // on the thread of the beat alone
  {
    Beat beat(std::chrono::microseconds(50));
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int each = 0; each < kEach; ++each) beat.AtNext([&went] { ++went; });
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(went, kThreads * kEach);
}

}  // namespace
}  // namespace caseledger::access
