// An Env whose background jobs run when told, so that RocksDB does the same work in the same order
// each time.
#pragma once

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

  // Runs what is scheduled, and what that schedules, to the end; but at most 50 jobs, because
  // RocksDB tries a compaction again and again while the disk is full.
  void RunScheduled();
  // Which jobs run as they come. Closing waits for its flush; a compaction after that would race
  // with the end.
  enum class Allowed { kNone, kFlushes, kAll };
  void Allow(Allowed allowed);

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
  // The first job that may run.
  std::deque<Job>::const_iterator Next() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWorkOrEnds() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return stopping_ || Next() != jobs_.end();
  }
  bool IsIdle() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return !running_ && (jobs_.empty() || jobs_left_ == 0);
  }

  mutable SystemMutex mutex_;
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  Allowed allowed_ ABSL_GUARDED_BY(mutex_) = Allowed::kNone;
  int jobs_left_ ABSL_GUARDED_BY(mutex_) = 0;  // of RunScheduled
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread worker_;
};

}  // namespace caseledger::testing
