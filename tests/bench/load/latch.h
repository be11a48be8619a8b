// Waits for lanes of a load.
#pragma once

#include <condition_variable>
#include <mutex>

namespace caseledger::bench {

// Counts the lanes that still run. Thread-safe.
class Latch {
 public:
  explicit Latch(int count) : count_(count) {}
  void Leave() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) done_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  int count_;
};

}  // namespace caseledger::bench
