#include "services/access/trail/beat.h"

#include <utility>

namespace caseledger::access {
namespace {

// Until the next whole beat; more than 0.
std::chrono::microseconds UntilNext(std::chrono::microseconds interval) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  return interval - now % interval;
}

}  // namespace

Beat::Beat(std::chrono::microseconds interval) : interval_(interval), thread_([this] { Run(); }) {}

Beat::~Beat() {
  {
    MutexLock lock(&mutex_);
    ending_ = true;
  }
  thread_.join();
}

void Beat::AtNext(std::function<void()> run) {
  MutexLock lock(&mutex_);
  mutex_.Await(this, &Beat::HasRoom);
  waiting_.push_back(std::move(run));
}

void Beat::Run() {
  while (true) {
    Waiting due;
    {
      MutexLock lock(&mutex_);
      mutex_.Await(this, &Beat::HasWork);
      // Only what waits before the beat goes with it.
      mutex_.AwaitFor(this, &Beat::IsEnding, UntilNext(interval_));
      due.swap(waiting_);
      if (due.empty()) return;
    }
    for (const std::function<void()>& run : due) run();
  }
}

}  // namespace caseledger::access
