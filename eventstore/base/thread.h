// A thread that a scheduler can govern.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "eventstore/base/scheduler.h"

namespace caseledger {

// Like std::thread: must be joined before it is destroyed. Is governed by its starter's scheduler.
// Not thread-safe.
class Thread {
 public:
  Thread() = default;
  // Starts it. `top -H`, perf and debuggers show `name`: at most 15 characters, longer names are
  // refused by the system.
  Thread(const std::string& name, std::function<void()> body);

  bool joinable() const { return thread_.joinable(); }
  void Join();

 private:
  Scheduler* scheduler_ = nullptr;
  Scheduler::ThreadId id_ = 0;
  std::thread thread_;
};

}  // namespace caseledger
