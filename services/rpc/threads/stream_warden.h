// Ends streams whose client does not read, and says when a stream is old. A client that takes its
// time is not hurried: only one that lets a message wait for long is sent away, for the message,
// the stream's place and, behind it, those of others wait with it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "absl/status/status.h"

namespace caseledger::rpc {

struct StreamLimits {
  std::chrono::milliseconds slow_reader = std::chrono::seconds(30);  // a message may wait so long
  std::chrono::milliseconds oldest = std::chrono::hours(1);          // a stream may last so long
};

using SteadyTime = std::chrono::steady_clock::time_point;

absl::Status SlowReader();
absl::Status StreamIsOld();

// Whether a message is on its way, and for how long. Whoever claims it ends the stream, and nobody
// else does. Thread-safe.
class WriteWatch {
 public:
  void Begin(SteadyTime now) { since_ = now.time_since_epoch().count(); }
  // False when the stream was claimed: then it is no longer its own.
  bool End() {
    Ticks since = since_;
    return since != kClaimed && since_.compare_exchange_strong(since, kNothing);
  }
  bool Claim(SteadyTime now, std::chrono::milliseconds slow) {
    Ticks since = since_;
    if (since == kNothing || since == kClaimed) return false;
    const SteadyTime begun{SteadyTime::duration(since)};
    return now - begun >= slow && since_.compare_exchange_strong(since, kClaimed);
  }

 private:
  using Ticks = SteadyTime::rep;
  static constexpr Ticks kNothing = 0;
  static constexpr Ticks kClaimed = -1;
  std::atomic<Ticks> since_ = kNothing;
};

// Thread-safe.
class StreamWarden {
 public:
  class Stream {
   public:
    virtual ~Stream() = default;
    // Whether a message has waited too long. When true, the stream does nothing more of itself, and
    // stays until EndSlow. Must neither block nor call gRPC.
    virtual bool ClaimIfSlow(SteadyTime now, std::chrono::milliseconds slow) = 0;
    // Finishes the call with SlowReader(). Once, after a claim; may delete the stream.
    virtual void EndSlow() = 0;
  };

  explicit StreamWarden(const StreamLimits& limits);
  // Every stream must have left, or be certain to leave without its help.
  ~StreamWarden();
  StreamWarden(const StreamWarden&) = delete;
  StreamWarden& operator=(const StreamWarden&) = delete;

  void Enter(Stream* stream);
  // Before the stream goes. Not while it is claimed and not ended yet.
  void Leave(Stream* stream);

  const StreamLimits& limits() const { return limits_; }
  bool IsOld(SteadyTime begun) const {
    return std::chrono::steady_clock::now() - begun >= limits_.oldest;
  }

 private:
  void Run();

  const StreamLimits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<Stream*> streams_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace caseledger::rpc
