// When wrapping keys are changed, by a clock that moves when told.
#include "eventstore/vault/rotator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/eventstore/vault/vault_fixture.h"

namespace caseledger::eventstore::testing {
namespace {

using ::testing::SizeIs;

constexpr Micros kDay = 24LL * 3600 * kMicrosPerSecond;

class RotatorTest : public VaultTest {
 protected:
  std::unique_ptr<Rotator> MakeRotator(Micros period) {
    RotatorOptions options;
    options.clock = &clock_;
    options.period = period;
    auto rotator =
        std::make_unique<Rotator>(*vault_, options, [this](const absl::StatusOr<uint64_t>& keys) {
          EXPECT_TRUE(keys.ok()) << keys.status();
          ++rotations_;
        });
    rotator->Start();
    return rotator;
  }
  static void WaitFor(const std::atomic<int>& count, int least) {
    while (count < least) std::this_thread::yield();
  }

  std::atomic<int> rotations_ = 0;
};

TEST_F(RotatorTest, AKeyOfTenDaysIsChangedByItself) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(1).ok());
  const WrappingKeyInfo first = wrapping_.List().value().back();
  const auto rotator = MakeRotator(RotatorOptions::kUsualPeriod);
  EXPECT_EQ(rotator->state().next_at, first.created_at + 10 * kDay);
  clock_.Set(first.created_at + 10 * kDay - 1);
  rotator->RotateNow();  // so that it looked at the clock since
  WaitFor(rotations_, 1);
  const WrappingKeyInfo asked = wrapping_.List().value().back();
  EXPECT_NE(asked.id, first.id);
  EXPECT_EQ(rotations_, 1) << "not by itself before its time";

  clock_.Set(asked.created_at + 10 * kDay);
  WaitFor(rotations_, 2);
  EXPECT_NE(wrapping_.List().value().back().id, asked.id);
  EXPECT_THAT(wrapping_.List().value(), SizeIs(1));
  EXPECT_EQ(Opened().front(), "name 1");
}

TEST_F(RotatorTest, WithoutAPeriodOnlyWhenAsked) {
  ASSERT_TRUE(Start().ok());
  const WrappingKeyInfo first = wrapping_.List().value().back();
  const auto rotator = MakeRotator(0);
  EXPECT_FALSE(rotator->state().next_at.has_value());
  clock_.Set(first.created_at + 1000 * kDay);
  rotator->RotateNow();
  EXPECT_TRUE(rotator->state().rotating || rotations_ == 1);
  WaitFor(rotations_, 1);
  while (rotator->state().rotating) std::this_thread::yield();
  EXPECT_THAT(rotator->state().keys, SizeIs(1));
  EXPECT_TRUE(rotator->state().last.ok());
}

TEST_F(RotatorTest, StoppedBeforeTheOlderKeyIsDestroyedItLeavesBoth) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(1).ok());
  RotatorOptions options;
  options.clock = &clock_;
  std::atomic<bool> waits = false;
  options.before_destroying = [&](absl::FunctionRef<bool()> go_on) {
    waits = true;
    while (go_on()) std::this_thread::yield();
  };
  Rotator rotator(*vault_, options, [this](const absl::StatusOr<uint64_t>&) { ++rotations_; });
  rotator.Start();
  rotator.RotateNow();
  while (!waits) std::this_thread::yield();
  rotator.Stop();
  EXPECT_EQ(rotations_, 0);
  EXPECT_THAT(wrapping_.List().value(), SizeIs(2));
  const auto next = MakeRotator(RotatorOptions::kUsualPeriod);
  WaitFor(rotations_, 1);
  EXPECT_THAT(wrapping_.List().value(), SizeIs(1));
}

TEST_F(RotatorTest, WhatWasNotFinishedIsFinishedAtTheStartAndThenWhatWasAsked) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(1).ok());
  ASSERT_TRUE(absl::IsCancelled(vault_->Rotate([](const RotationProgress&) { return false; })));
  const Uuid second = wrapping_.List().value().back().id;
  {
    const auto rotator = MakeRotator(RotatorOptions::kUsualPeriod);
    WaitFor(rotations_, 1);
    EXPECT_EQ(wrapping_.List().value().back().id, second) << "no third one";
    EXPECT_THAT(wrapping_.List().value(), SizeIs(1));
  }
  ASSERT_TRUE(absl::IsCancelled(vault_->Rotate([](const RotationProgress&) { return false; })));
  const Uuid third = wrapping_.List().value().back().id;
  RotatorOptions options;
  options.clock = &clock_;
  Rotator rotator(*vault_, options, [this](const absl::StatusOr<uint64_t>&) { ++rotations_; });
  rotator.RotateNow();
  rotator.Start();
  WaitFor(rotations_, 3);
  EXPECT_NE(wrapping_.List().value().back().id, third) << "an erasure may wait for its end";
  EXPECT_THAT(wrapping_.List().value(), SizeIs(1));
}

}  // namespace
}  // namespace caseledger::eventstore::testing
