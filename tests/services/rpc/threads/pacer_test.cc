// Who is woken when.
#include "services/rpc/threads/pacer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace caseledger::testing {
namespace {

using rpc::Pacer;

const std::atomic<bool> kCalm = false;

class Sleeper final : public Pacer::Paced {
 public:
  std::promise<void> woken;
  std::atomic<int> times = 0;

 private:
  void Due() override {
    ++times;
    woken.set_value();
  }
};

TEST(Pacer, WakesInOrderOfTimeAndNeverEarly) {
  Pacer pacer;
  std::vector<int> order;
  std::promise<void> all;
  class Noted final : public Pacer::Paced {
   public:
    Noted(std::vector<int>& order, int name, std::promise<void>& all)
        : order_(order), name_(name), all_(all) {}
    std::chrono::steady_clock::time_point woken;

   private:
    void Due() override {
      woken = std::chrono::steady_clock::now();
      order_.push_back(name_);
      if (order_.size() == 3) all_.set_value();
    }
    std::vector<int>& order_;
    int name_;
    std::promise<void>& all_;
  };
  Noted late(order, 3, all);
  Noted soon(order, 1, all);
  Noted middle(order, 2, all);
  const auto begun = std::chrono::steady_clock::now();
  pacer.In(std::chrono::milliseconds(300), &late, kCalm);
  pacer.In(std::chrono::milliseconds(100), &soon, kCalm);
  pacer.In(std::chrono::milliseconds(200), &middle, kCalm);
  all.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_GE(soon.woken - begun, std::chrono::milliseconds(100));
  EXPECT_GE(middle.woken - begun, std::chrono::milliseconds(200));
  EXPECT_GE(late.woken - begun, std::chrono::milliseconds(300));
}

TEST(Pacer, WhoIsHurriedComesAtOnceAndOnce) {
  Pacer pacer;
  Sleeper sleeper;
  pacer.In(std::chrono::hours(1), &sleeper, kCalm);
  pacer.Hurry(&sleeper);
  sleeper.woken.get_future().wait();
  pacer.Hurry(&sleeper);  // who does not wait is left alone
  Sleeper next;
  pacer.In(std::chrono::milliseconds(0), &next, kCalm);
  next.woken.get_future().wait();
  EXPECT_EQ(sleeper.times, 1);
}

TEST(Pacer, WhoWasHurriedBeforeItWaitsDoesNotWait) {
  Pacer pacer;
  Sleeper sleeper;
  const std::atomic<bool> hurried = true;
  pacer.Hurry(&sleeper);
  pacer.In(std::chrono::hours(1), &sleeper, hurried);
  sleeper.woken.get_future().wait();
  EXPECT_EQ(sleeper.times, 1);
}

TEST(Pacer, AtTheEndEverybodyIsWokenAndNobodyWaitsAnyMore) {
  Pacer pacer;
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  for (int i = 0; i < 20; ++i) {
    sleepers.push_back(std::make_unique<Sleeper>());
    pacer.In(std::chrono::hours(i), sleepers.back().get(), kCalm);
  }
  EXPECT_FALSE(pacer.ending());
  pacer.End();
  EXPECT_TRUE(pacer.ending());
  sleepers.push_back(std::make_unique<Sleeper>());
  pacer.In(std::chrono::hours(1), sleepers.back().get(), kCalm);
  for (const auto& sleeper : sleepers) {
    sleeper->woken.get_future().wait();
    EXPECT_EQ(sleeper->times, 1);
  }
}

// For ThreadSanitizer: each goes to sleep again when woken, others hurry it meanwhile, and it
// deletes itself in the end.
TEST(Pacer, WhoIsWokenMaySleepAgainOrGo) {
  Pacer pacer;
  class Restless final : public Pacer::Paced {
   public:
    Restless(Pacer& pacer, std::promise<void>& gone) : pacer_(pacer), gone_(gone) {}

   private:
    void Due() override {
      if (++times_ < 50) return pacer_.In(std::chrono::milliseconds(times_ % 3), this, kCalm);
      gone_.set_value();
      delete this;
    }
    Pacer& pacer_;
    std::promise<void>& gone_;
    int times_ = 0;
  };
  std::vector<std::promise<void>> gone(8);
  for (std::promise<void>& one : gone)
    pacer.In(std::chrono::milliseconds(1), new Restless(pacer, one), kCalm);
  Sleeper hurried;
  pacer.In(std::chrono::hours(1), &hurried, kCalm);
  std::thread other([&] { pacer.Hurry(&hurried); });
  for (std::promise<void>& one : gone) one.get_future().wait();
  other.join();
  hurried.woken.get_future().wait();
  EXPECT_EQ(hurried.times, 1);
}

}  // namespace
}  // namespace caseledger::testing
