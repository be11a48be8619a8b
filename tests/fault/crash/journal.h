// What clients sent and what they were told: the truth that a restarted server is held to.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "caseledger/v1/common.pb.h"

namespace caseledger::testing {

struct Sent {
  v1::Command command;
  // The answer; nothing when the connection was lost before it came.
  std::optional<v1::CommandResult> result;
};

// Thread-safe.
class Journal {
 public:
  // Notes a command before it is sent and returns its index.
  size_t Begin(const v1::Command& command) {
    const std::lock_guard lock(mutex_);
    sent_.push_back({command, std::nullopt});
    return sent_.size() - 1;
  }

  void Acknowledge(size_t index, const v1::CommandResult& result) {
    const std::lock_guard lock(mutex_);
    sent_[index].result = result;
    ++acknowledged_;
    changed_.notify_all();
  }

  size_t acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }

  // Waits until so many answers came, or every writer has given up.
  void WaitForAcknowledged(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return acknowledged_ >= count || writers_ == 0; });
  }

  void WriterBegins() {
    const std::lock_guard lock(mutex_);
    ++writers_;
  }
  void WriterEnds() {
    const std::lock_guard lock(mutex_);
    --writers_;
    changed_.notify_all();
  }

  // In the order of sending.
  std::vector<Sent> All() const {
    const std::lock_guard lock(mutex_);
    return {sent_.begin(), sent_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Sent> sent_;
  size_t acknowledged_ = 0;
  int writers_ = 0;
};

}  // namespace caseledger::testing
