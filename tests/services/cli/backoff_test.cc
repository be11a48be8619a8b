#include "services/app/cli/client/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "google/rpc/error_details.pb.h"

namespace caseledger::cli {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, GivesUpAfterABoundedNumberOfPauses) {
  Backoff backoff(SystemRandom());
  milliseconds all{0};
  int pauses = 0;
  while (const auto pause = backoff.Next(milliseconds(0))) {
    all += *pause;
    ++pauses;
  }
  EXPECT_EQ(pauses, Backoff::kMostPauses);
  EXPECT_LE(all, std::chrono::minutes(1));
  EXPECT_FALSE(backoff.Next(milliseconds(0)).has_value());
}

TEST(Backoff, PausesGrowToALimitAndStartAgainAfterProgress) {
  Backoff backoff(SystemRandom());
  milliseconds span = Backoff::kShortest;
  for (int i = 0; i < Backoff::kMostPauses; ++i) {
    const milliseconds pause = *backoff.Next(milliseconds(0));
    EXPECT_GE(pause, span / 2);
    EXPECT_LE(pause, span);
    span = std::min(span * 2, Backoff::kLongest);
  }
  backoff.Progress();
  EXPECT_LE(backoff.Next(milliseconds(0)), Backoff::kShortest);
}

TEST(Backoff, TwoClientsRefusedTogetherDoNotComeBackInStep) {
  std::set<milliseconds> first_pauses;
  for (int i = 0; i < 50; ++i) {
    first_pauses.insert(*Backoff(SystemRandom()).Next(milliseconds(0)));
  }
  EXPECT_GT(first_pauses.size(), 5u);
}

TEST(Backoff, TheServersDelayIsKeptWithinReason) {
  google::rpc::Status error;
  EXPECT_EQ(RetryDelay(error), milliseconds(0));
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(1);
  info.mutable_retry_delay()->set_nanos(500'000'000);
  error.add_details()->PackFrom(info);
  EXPECT_EQ(RetryDelay(error), milliseconds(1500));
  Backoff backoff(SystemRandom());
  EXPECT_EQ(backoff.Next(RetryDelay(error)), milliseconds(1500));
  EXPECT_EQ(backoff.Next(std::chrono::hours(24)), Backoff::kLongest);
}

TEST(Backoff, OnlyBusyAndAbsentServersAreAskedAgain) {
  EXPECT_TRUE(MayTryAgain(grpc::StatusCode::RESOURCE_EXHAUSTED));
  EXPECT_TRUE(MayTryAgain(grpc::StatusCode::UNAVAILABLE));
  EXPECT_FALSE(MayTryAgain(grpc::StatusCode::FAILED_PRECONDITION));
  EXPECT_FALSE(MayTryAgain(grpc::StatusCode::OK));
}

}  // namespace
}  // namespace caseledger::cli
