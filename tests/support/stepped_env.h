// An Env whose background jobs run when told, so that RocksDB does the same work in the same order
// each time.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <thread>

#include "eventstore/base/mutex.h"
#include "rocksdb/env.h"

namespace caseledger::testing {

// One thread runs the jobs, in the order in which they were scheduled; none runs at the same time
// as the test between two calls of RunScheduled. Thread-safe.
class SteppedEnv final : public rocksdb::EnvWrapper {
 public:
  explicit SteppedEnv(const std::shared_ptr<rocksdb::FileSystem>& file_system);
  ~SteppedEnv() override;

  // Runs what is scheduled, and what that schedules, to the end.
  void RunScheduled();
  // Jobs run as they come while `free`: for calls that wait for them, such as closing.
  // Returns what was set before.
  bool SetFree(bool free);

  void Schedule(void (*function)(void* argument), void* argument, Priority priority,
                void* tag = nullptr, void (*unschedule)(void* argument) = nullptr) override;
  int UnSchedule(void* tag, Priority priority) override;
  unsigned int GetThreadPoolQueueLen(Priority priority) const override;

 private:
  struct Job {
    void (*function)(void*);
    void* argument;
    Priority priority;
    void* tag;
    void (*unschedule)(void*);
  };

  void Work();
  bool HasWorkOrEnds() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return stopping_ || (free_ && !jobs_.empty());
  }
  bool IsIdle() const ABSL_NO_THREAD_SAFETY_ANALYSIS { return jobs_.empty() && !running_; }

  mutable Mutex mutex_;
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  bool free_ ABSL_GUARDED_BY(mutex_) = false;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread worker_;
};

}  // namespace caseledger::testing
