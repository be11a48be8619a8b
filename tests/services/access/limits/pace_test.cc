// The generic cell rate algorithm: what passes, what waits and for how long.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/access/limits/agency_limits.h"

namespace caseledger::testing {
namespace {

using access::Pace;

constexpr Micros kStart = 1'000'000'000;

TEST(Pace, LetsABurstThroughAndThenOneAtATime) {
  Pace pace(100, 5);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pace.Take(kStart, 1), 0) << i;
  EXPECT_EQ(pace.Take(kStart, 1), 10'000);
  EXPECT_EQ(pace.Take(kStart + 9'999, 1), 1);
  EXPECT_EQ(pace.Take(kStart + 10'000, 1), 0);
  EXPECT_GT(pace.Take(kStart + 10'000, 1), 0);
}

TEST(Pace, WaitingAsLongAsItSaysIsEnough) {
  Pace pace(7, 3);
  Micros now = kStart;
  for (int i = 0; i < 50; ++i) {
    const Micros delay = pace.Take(now, 1);
    if (delay == 0) continue;
    now += delay;
    EXPECT_EQ(pace.Take(now, 1), 0);
  }
}

TEST(Pace, QuietTimeIsNotSavedUpBeyondTheBurst) {
  Pace pace(100, 5);
  const Micros later = kStart + 3600 * kMicrosPerSecond;
  EXPECT_EQ(pace.Take(kStart, 1), 0);
  int passed = 0;
  while (pace.Take(later, 1) == 0) ++passed;
  EXPECT_EQ(passed, 5);
}

TEST(Pace, ZeroIsNoLimit) {
  Pace pace(0, 1);
  for (int i = 0; i < 100'000; ++i) ASSERT_EQ(pace.Take(kStart, 1), 0);
  EXPECT_EQ(pace.Charge(kStart, 1'000'000), 0);
  EXPECT_EQ(pace.Take(kStart - 1, 1), 0);
}

TEST(Pace, ChargesMoreThanABurstAndSaysHowLongThatTakes) {
  Pace pace(1'000, 250);
  EXPECT_EQ(pace.Charge(kStart, 250), 0);
  EXPECT_EQ(pace.Charge(kStart, 256), 256'000);
  EXPECT_EQ(pace.Wait(kStart + 255'999), 1);
  EXPECT_EQ(pace.Wait(kStart + 256'000), 0);
}

TEST(Pace, AClockThatGoesBackStopsNobodyForLong) {
  Pace pace(100, 5);
  for (int i = 0; i < 5; ++i) pace.Take(kStart, 1);
  const Micros earlier = kStart - 3600 * kMicrosPerSecond;
  const Micros wait = pace.Take(earlier, 1);
  EXPECT_LE(wait, Pace::kLongestWait);
  EXPECT_EQ(pace.Take(earlier + wait, 1), 0);
}

// Whatever comes when, no span of time sees more than its share and one burst.
TEST(Pace, NeverLetsMoreThroughThanRateAndBurst) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  constexpr int64_t kRate = 1'000;
  constexpr int64_t kBurst = 50;
  Pace pace(kRate, kBurst);
  std::vector<Micros> passed;
  Micros now = kStart;
  for (int i = 0; i < 20'000; ++i) {
    now += static_cast<Micros>(random() % 1'500);
    if (pace.Take(now, 1) == 0) passed.push_back(now);
  }
  ASSERT_GT(passed.size(), 5'000U);
  for (size_t from = 0; from + 400 < passed.size(); ++from) {
    const Micros span = passed[from + 400] - passed[from];
    EXPECT_LE(400 - kBurst, span * kRate / kMicrosPerSecond + 1) << from;
  }
}

}  // namespace
}  // namespace caseledger::testing
