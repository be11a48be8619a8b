// Answers that must not tell how long they took to find.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"

namespace caseledger::access {

// Runs what it is given at the next whole beat of the steady clock, so that whoever waits for it
// learns its duration in beats only. To see that a record that is there takes some tens of
// microseconds longer than one that is not, they would have to meet the one time in a hundred that
// the difference falls on a beat.
//
// Thread-safe.
class Beat {
 public:
  static constexpr std::chrono::microseconds kInterval = std::chrono::milliseconds(2);
  // Far more than the calls of all agencies that a server admits at a time. What comes beyond it
  // waits for its room.
  static constexpr size_t kMostWaiting = 65'536;

  // `interval`: more than 0.
  explicit Beat(std::chrono::microseconds interval = kInterval);
  // Runs at once what still waits.
  ~Beat();
  Beat(const Beat&) = delete;
  Beat& operator=(const Beat&) = delete;

  // `run` is called once, on the thread of the beat, in the order given; it must not block.
  void AtNext(std::function<void()> run);

 private:
  using Waiting = std::vector<std::function<void()>>;

  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return waiting_.size() < kMostWaiting;
  }
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return ending_ || !waiting_.empty();
  }
  bool IsEnding() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ending_; }
  void Run();

  const std::chrono::microseconds interval_;
  Mutex mutex_;
  Waiting waiting_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace caseledger::access
