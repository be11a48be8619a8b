// Rates, calls and streams at a time, agency by agency.
#include "services/access/limits/agency_limits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace caseledger::testing {
namespace {

using access::AgencyLimits;
using access::RetryDelayOf;
using Place = AgencyLimits::Place;
using Use = AgencyLimits::Use;

class AgencyLimitsTest : public ::testing::Test {
 protected:
  AgencyLimitsTest() {
    options_.calls_per_second = 100;
    options_.commands_per_second = 1'000;
    options_.calls_at_a_time = 3;
    options_.streams_at_a_time = 4;
    options_.batches_at_a_time = 2;
    options_.undecided_commands = 300;
  }
  AgencyLimits& limits() {
    if (limits_ == nullptr) {
      limits_ = std::make_unique<AgencyLimits>(options_, [this] { return now_.load(); });
    }
    return *limits_;
  }
  // How long to wait.
  Micros ExpectRefused(const std::string& agency, Use use, const std::string& reason) {
    const absl::Status status = limits().Admit(agency, use).status();
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_EQ(status.message().find(reason + ": "), 0U) << status;
    EXPECT_GT(RetryDelayOf(status), 0) << "nothing says when to try again";
    return RetryDelayOf(status);
  }
  Place Must(const std::string& agency, Use use) {
    absl::StatusOr<Place> place = limits().Admit(agency, use);
    EXPECT_TRUE(place.ok()) << place.status();
    return place.value_or(nullptr);
  }

  AgencyLimits::Options options_;
  std::atomic<Micros> now_ = 1'000'000'000;
  std::unique_ptr<AgencyLimits> limits_;
};

TEST_F(AgencyLimitsTest, OneAgencyAtItsRateLeavesTheOtherItsOwn) {
  int passed = 0;
  while (limits().Admit("hospital", Use::kCall).ok()) ++passed;
  EXPECT_EQ(passed, 25) << "a quarter of a second's worth";
  EXPECT_EQ(ExpectRefused("hospital", Use::kCall, "AGENCY_RATE"), 10'000);
  EXPECT_TRUE(limits().Admit("police", Use::kCall).ok());
  now_ += 10'000;
  EXPECT_TRUE(limits().Admit("hospital", Use::kCall).ok());
}

TEST_F(AgencyLimitsTest, PlacesComeBackWhenTheLastCopyGoes) {
  std::vector<Place> held;
  for (int i = 0; i < 3; ++i) held.push_back(Must("hospital", Use::kCall));
  ExpectRefused("hospital", Use::kCall, "AGENCY_BUSY");
  EXPECT_TRUE(limits().Admit("police", Use::kCall).ok());
  EXPECT_TRUE(limits().Admit("hospital", Use::kStream).ok()) << "streams have their own";
  Place copy = held.back();
  held.pop_back();
  ExpectRefused("hospital", Use::kCall, "AGENCY_BUSY");
  copy.reset();
  EXPECT_TRUE(limits().Admit("hospital", Use::kCall).ok());
}

TEST_F(AgencyLimitsTest, BatchesAreStreamsAndHaveALimitOfTheirOwn) {
  std::vector<Place> held{Must("hospital", Use::kBatch), Must("hospital", Use::kBatch)};
  ExpectRefused("hospital", Use::kBatch, "AGENCY_BUSY");
  held.push_back(Must("hospital", Use::kStream));
  held.push_back(Must("hospital", Use::kStream));
  ExpectRefused("hospital", Use::kStream, "AGENCY_BUSY");
  held.erase(held.begin());
  held.push_back(Must("hospital", Use::kStream));
  ExpectRefused("hospital", Use::kBatch, "AGENCY_BUSY");
  held.clear();
  EXPECT_TRUE(limits().Admit("hospital", Use::kBatch).ok());
}

TEST_F(AgencyLimitsTest, RoomIsGivenBackOnce) {
  std::vector<Place> held;
  for (int i = 0; i < 2; ++i) held.push_back(Must("hospital", Use::kBatch));
  AgencyLimits::GiveBack(held.back());
  AgencyLimits::GiveBack(held.back());
  held.push_back(Must("hospital", Use::kBatch));
  held.erase(held.begin() + 1);
  ExpectRefused("hospital", Use::kBatch, "AGENCY_BUSY");
}

TEST_F(AgencyLimitsTest, ARefusalForWantOfRoomCostsNothingOfTheRate) {
  std::vector<Place> held;
  for (int i = 0; i < 3; ++i) held.push_back(Must("hospital", Use::kCall));
  for (int i = 0; i < 100; ++i) ExpectRefused("hospital", Use::kCall, "AGENCY_BUSY");
  held.clear();
  int passed = 0;
  while (limits().Admit("hospital", Use::kCall).ok()) ++passed;
  EXPECT_EQ(passed, 22);
}

TEST_F(AgencyLimitsTest, BatchesTakeTurnsAtTheirAgencysPace) {
  const Place first = Must("hospital", Use::kBatch);
  const Place second = Must("hospital", Use::kBatch);
  const auto read = [&](const Place& place, int64_t commands, int64_t expected) {
    limits().CommandsRead(place, commands, expected);
    for (int i = 0; i < commands; ++i) AgencyLimits::CommandDecided(place);
  };
  EXPECT_EQ(limits().TurnToRead(first, 250), 0);
  EXPECT_EQ(limits().TurnToRead(second, 250), 0) << "the burst is used up, and no more";
  EXPECT_EQ(limits().TurnToRead(first, 250), 250'000);
  read(first, 250, 250);
  EXPECT_EQ(limits().TurnToRead(first, 250), 250'000) << "it was counted when its turn came";
  read(second, 6, 250);
  EXPECT_EQ(limits().TurnToRead(second, 6), 6'000) << "less came than was expected";
  EXPECT_EQ(limits().TurnToRead(Must("police", Use::kBatch), 250), 0);
  now_ += 6'000;
  EXPECT_EQ(limits().TurnToRead(second, 6), 0);
  EXPECT_EQ(limits().TurnToRead(first, 250), 6'000) << "one of them";
}

TEST_F(AgencyLimitsTest, ALargeRequestCountsForMany) {
  ASSERT_TRUE(limits().Admit("hospital", Use::kCall, 10 * AgencyLimits::kRequestBytes).ok());
  int passed = 0;
  while (limits().Admit("hospital", Use::kCall, AgencyLimits::kRequestBytes - 1).ok()) ++passed;
  EXPECT_EQ(passed, 14);
  // Also one that is refused was read.
  EXPECT_FALSE(limits().Admit("hospital", Use::kCall, 100 * AgencyLimits::kRequestBytes).ok());
  EXPECT_GE(ExpectRefused("hospital", Use::kCall, "AGENCY_RATE"), kMicrosPerSecond);
}

TEST_F(AgencyLimitsTest, ABatchWaitsWhileItsAgencyHasTooMuchUndecided) {
  options_.commands_per_second = 1'000'000;
  const Place place = Must("hospital", Use::kBatch);
  limits().CommandsRead(place, 256, 1);
  EXPECT_EQ(limits().TurnToRead(place, 256), 0);
  limits().CommandsRead(place, 44, 256);
  EXPECT_GT(limits().TurnToRead(place, 44), 0);
  EXPECT_EQ(limits().TurnToRead(Must("police", Use::kBatch), 1), 0);
  AgencyLimits::CommandDecided(place);
  EXPECT_EQ(limits().TurnToRead(place, 44), 0);
}

TEST_F(AgencyLimitsTest, ForgetsAgenciesThatRestAndNoOthers) {
  const Place held = Must("held", Use::kCall);
  for (int i = 0; i < 1'100; ++i) Must(absl::StrCat("agency-", i), Use::kCall);
  EXPECT_EQ(limits().known(), 1'101U) << "all were there just now";
  now_ += kMicrosPerSecond;
  Must("one more", Use::kCall);
  EXPECT_EQ(limits().known(), 2U);
  Must("held", Use::kCall);
  Must("held", Use::kCall);
}

// For ThreadSanitizer; and nothing that was counted stays behind.
TEST_F(AgencyLimitsTest, ManyAskAtOnce) {
  options_.calls_per_second = 0;
  options_.commands_per_second = 0;
  limits();
  std::atomic<int> admitted = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t, &admitted] {
      for (int i = 0; i < 2'000; ++i) {
        const auto place = limits().Admit(i % 3 == 0 ? "shared" : absl::StrCat("agency-", t, i),
                                          i % 2 == 0 ? Use::kCall : Use::kBatch);
        if (!place.ok()) continue;
        ++admitted;
        limits().TurnToRead(*place, 1);
        limits().CommandsRead(*place, 1, 1);
        AgencyLimits::CommandDecided(*place);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(admitted, 1'000);
  std::vector<Place> held;
  for (int i = 0; i < 3; ++i) held.push_back(Must("shared", Use::kCall));
  ExpectRefused("shared", Use::kCall, "AGENCY_BUSY");
}

}  // namespace
}  // namespace caseledger::testing
