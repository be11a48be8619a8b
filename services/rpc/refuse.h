// Calls that end before they begin.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>

#include "absl/status/status.h"
#include "services/access/limits/agency_limits.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {

// A reactor that only answers with an error.
template <typename Message>
grpc::ServerWriteReactor<Message>* Refuse(const grpc::Status& status) {
  class Refusal final : public grpc::ServerWriteReactor<Message> {
   public:
    explicit Refusal(const grpc::Status& why) { this->Finish(why); }
    void OnDone() override { delete this; }
  };
  return new Refusal(status);
}

// A reactor that answers with an error once somebody says so: Finish(status), exactly once.
template <typename Message>
class LateRefusal final : public grpc::ServerWriteReactor<Message> {
 public:
  void OnDone() override { delete this; }
};

// Ends calls that were not admitted. One that is refused for want of its agency's room is held back
// until about the time to try again: a client that calls again as soon as it is answered would else
// take more of the server with calls that are refused than it may with others. So many are held at
// most; the rest is answered at once. Thread-safe; outlives the calls.
class Refusals {
 public:
  template <typename Reactor>
  void Finish(Reactor* reactor, const absl::Status& status) {
    const std::chrono::microseconds hold = Hold(status);
    if (hold.count() == 0) return reactor->Finish(ToGrpcStatus(status));
    auto* const alarm = new grpc::Alarm;
    alarm->Set(std::chrono::system_clock::now() + hold, [this, alarm, reactor, status](bool) {
      --held_;
      reactor->Finish(ToGrpcStatus(status));
      delete alarm;  // gRPC keeps what it needs of it until this reaction is over
    });
  }

  // The same for a stream that has no reactor yet.
  template <typename Message>
  grpc::ServerWriteReactor<Message>* FinishStream(const absl::Status& status) {
    auto* refusal = new LateRefusal<Message>;
    Finish(refusal, status);
    return refusal;
  }

 private:
  static constexpr int kMostHeld = 4'096;
  static constexpr std::chrono::microseconds kShortest = std::chrono::milliseconds(250);
  static constexpr std::chrono::microseconds kLongest = std::chrono::seconds(5);
  static constexpr std::chrono::microseconds kApart = std::chrono::milliseconds(2);

  // 0: not at all.
  std::chrono::microseconds Hold(const absl::Status& status) {
    const std::chrono::microseconds delay(access::RetryDelayOf(status));
    if (delay.count() == 0) return delay;
    if (++held_ > kMostHeld) {
      --held_;
      return std::chrono::microseconds(0);
    }
    // One after the other: those that were refused together would else come back together.
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    last_ =
        std::clamp(last_ + kApart, now + std::clamp(delay, kShortest, kLongest), now + kLongest);
    return std::chrono::duration_cast<std::chrono::microseconds>(last_ - now);
  }

  std::atomic<int> held_ = 0;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point last_;  // when the newest of those held will be answered
};

}  // namespace caseledger::rpc
