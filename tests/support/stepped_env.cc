#include "tests/support/stepped_env.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "rocksdb/system_clock.h"

namespace caseledger::testing {
namespace {

constexpr int kMostJobs = 50;

// RocksDB sleeps a second after failed background work, so as not to fill its log.
class SleeplessClock final : public rocksdb::SystemClockWrapper {
 public:
  SleeplessClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "SleeplessClock"; }
  void SleepForMicroseconds(int /*micros*/) override { std::this_thread::yield(); }
};

}  // namespace

SteppedEnv::SteppedEnv(const std::shared_ptr<rocksdb::FileSystem>& file_system)
    : EnvWrapper(rocksdb::NewCompositeEnv(file_system)) {
  file_system_ = file_system;
  system_clock_ = std::make_shared<SleeplessClock>();
  worker_ = std::thread([this] { Work(); });
}

SteppedEnv::~SteppedEnv() {
  {
    SystemMutexLock lock(&mutex_);
    stopping_ = true;
  }
  worker_.join();
}

void SteppedEnv::RunScheduled() {
  Allow(Allowed::kAll);
  {
    SystemMutexLock lock(&mutex_);
    mutex_.Await(this, &SteppedEnv::IsIdle);
  }
  Allow(Allowed::kNone);
}

void SteppedEnv::Allow(Allowed allowed) {
  SystemMutexLock lock(&mutex_);
  allowed_ = allowed;
  jobs_left_ = kMostJobs;
}

// RocksDB schedules flushes with high priority, compactions with low.
std::deque<SteppedEnv::Job>::const_iterator SteppedEnv::Next() const {
  if (allowed_ == Allowed::kNone || jobs_left_ == 0) return jobs_.end();
  if (allowed_ == Allowed::kAll) return jobs_.begin();
  return std::find_if(jobs_.begin(), jobs_.end(),
                      [](const Job& job) { return job.priority == HIGH; });
}

void SteppedEnv::Schedule(void (*function)(void*), void* argument, Priority priority, void* tag,
                          void (*unschedule)(void*)) {
  SystemMutexLock lock(&mutex_);
  jobs_.push_back({function, argument, priority, tag, unschedule});
}

int SteppedEnv::UnSchedule(void* tag, Priority priority) {
  std::vector<Job> removed;
  {
    SystemMutexLock lock(&mutex_);
    const auto matches = [&](const Job& job) { return job.tag == tag && job.priority == priority; };
    std::copy_if(jobs_.begin(), jobs_.end(), std::back_inserter(removed), matches);
    std::erase_if(jobs_, matches);
  }
  for (const Job& job : removed) {
    if (job.unschedule != nullptr) job.unschedule(job.argument);
  }
  return static_cast<int>(removed.size());
}

unsigned int SteppedEnv::GetThreadPoolQueueLen(Priority priority) const {
  SystemMutexLock lock(&mutex_);
  return static_cast<unsigned int>(std::count_if(
      jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.priority == priority; }));
}

void SteppedEnv::Work() {
  while (true) {
    Job job;
    {
      SystemMutexLock lock(&mutex_);
      mutex_.Await(this, &SteppedEnv::HasWorkOrEnds);
      if (stopping_) return;
      const auto next = Next();
      job = *next;
      jobs_.erase(next);
      running_ = true;
      --jobs_left_;
    }
    job.function(job.argument);
    SystemMutexLock lock(&mutex_);
    running_ = false;
  }
}

}  // namespace caseledger::testing
