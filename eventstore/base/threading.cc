#include <pthread.h>

#include <chrono>
#include <utility>

#include "eventstore/base/mutex.h"
#include "eventstore/base/scheduler.h"
#include "eventstore/base/thread.h"

namespace caseledger {

Micros MonotonicNow() {
  if (Scheduler* scheduler = Scheduler::OfThisThread(); scheduler != nullptr) {
    return scheduler->MonotonicNow();
  }
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Mutex::LockGoverned(Scheduler& scheduler) {
  scheduler.Yield();
  while (!mutex_.TryLock()) scheduler.Wait(this, std::nullopt);
}

void Mutex::WaitGoverned(Scheduler& scheduler, std::optional<Micros> timeout) {
  mutex_.Unlock();
  scheduler.Wake(this);
  scheduler.Wait(this, timeout);
  while (!mutex_.TryLock()) scheduler.Wait(this, std::nullopt);
}

Thread::Thread(const std::string& name, std::function<void()> body)
    : scheduler_(Scheduler::OfThisThread()) {
  if (scheduler_ != nullptr) id_ = scheduler_->Register(name);
  thread_ = std::thread([name, body = std::move(body), scheduler = scheduler_, id = id_] {
    pthread_setname_np(pthread_self(), name.c_str());
    if (scheduler == nullptr) return body();
    Scheduler::SetOfThisThread(scheduler);
    scheduler->Begin(id);
    body();
    Scheduler::SetOfThisThread(nullptr);
    scheduler->End(id);
  });
}

void Thread::Join() {
  // The thread itself ends right after what the scheduler waits for.
  if (scheduler_ != nullptr) scheduler_->AwaitEnd(id_);
  thread_.join();
}

}  // namespace caseledger
