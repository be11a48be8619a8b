// Streams that write and are not read, and who ends them.
#include "services/rpc/threads/stream_warden.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <vector>

namespace caseledger::testing {
namespace {

using rpc::SteadyTime;
using rpc::StreamLimits;
using rpc::StreamWarden;
using rpc::WriteWatch;

SteadyTime At(int64_t milliseconds) {
  return SteadyTime(std::chrono::hours(1) + std::chrono::milliseconds(milliseconds));
}

constexpr std::chrono::milliseconds kSlow{100};

TEST(WriteWatch, OnlyAWriteThatLastsIsClaimed) {
  WriteWatch watch;
  EXPECT_FALSE(watch.Claim(At(1'000), kSlow));
  watch.Begin(At(0));
  EXPECT_FALSE(watch.Claim(At(99), kSlow));
  EXPECT_TRUE(watch.End());
  EXPECT_FALSE(watch.Claim(At(1'000), kSlow)) << "it was read";
  watch.Begin(At(1'000));
  EXPECT_TRUE(watch.Claim(At(1'100), kSlow));
  EXPECT_FALSE(watch.Claim(At(1'200), kSlow)) << "once";
  EXPECT_FALSE(watch.End()) << "the stream is the warden's now";
}

class FakeStream final : public StreamWarden::Stream {
 public:
  WriteWatch watch;
  std::promise<void> ended;
  std::atomic<int> ends = 0;

 private:
  bool ClaimIfSlow(SteadyTime now, std::chrono::milliseconds slow) override {
    return watch.Claim(now, slow);
  }
  void EndSlow() override {
    ++ends;
    ended.set_value();
  }
};

TEST(StreamWarden, EndsTheSlowOnceAndLeavesTheOthers) {
  FakeStream slow;
  FakeStream idle;
  StreamWarden warden(StreamLimits{std::chrono::milliseconds(20), std::chrono::hours(1)});
  warden.Enter(&slow);
  warden.Enter(&idle);
  slow.watch.Begin(std::chrono::steady_clock::now());
  slow.ended.get_future().wait();
  warden.Leave(&slow);
  // A round after that one has looked at both.
  FakeStream later;
  warden.Enter(&later);
  later.watch.Begin(std::chrono::steady_clock::now());
  later.ended.get_future().wait();
  warden.Leave(&later);
  warden.Leave(&idle);
  EXPECT_EQ(slow.ends, 1);
  EXPECT_EQ(idle.ends, 0);
}

// For ThreadSanitizer: either the write ends or the warden has the stream, never both or neither.
TEST(StreamWarden, AWriteThatEndsAsItIsClaimedHasOneOwner) {
  StreamWarden warden(StreamLimits{std::chrono::milliseconds(1), std::chrono::hours(1)});
  int claimed = 0;
  for (int i = 0; i < 60; ++i) {
    FakeStream stream;
    warden.Enter(&stream);
    const SteadyTime begun = std::chrono::steady_clock::now();
    stream.watch.Begin(begun);
    while (std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(i % 15)) {
    }
    const bool own = stream.watch.End();
    if (!own) {
      stream.ended.get_future().wait();
      ++claimed;
    }
    warden.Leave(&stream);
    EXPECT_EQ(stream.ends, own ? 0 : 1);
  }
  EXPECT_LT(claimed, 60);
}

TEST(StreamWarden, SaysWhenAStreamIsOld) {
  const StreamWarden warden(StreamLimits{std::chrono::seconds(30), std::chrono::minutes(5)});
  const SteadyTime now = std::chrono::steady_clock::now();
  EXPECT_FALSE(warden.IsOld(now));
  EXPECT_TRUE(warden.IsOld(now - std::chrono::minutes(6)));
}

}  // namespace
}  // namespace caseledger::testing
