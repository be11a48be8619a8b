// A mutex that ThreadSanitizer understands: Debian's Abseil is built without it, so what
// absl::Mutex orders looks like a race. Annotated for clang's -Wthread-safety.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/scheduler.h"

namespace caseledger {

// A mutex whose order the system decides, whoever governs the thread. For what lies below what is
// simulated, such as disks, which threads that no simulation governs use as well.
//
// Conditions are awaited as with absl::Mutex: whoever unlocks wakes those who wait.
class ABSL_LOCKABLE SystemMutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  bool TryLock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) { return mutex_.try_lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    if (waiting_ > 0) changed_.notify_all();
    mutex_.unlock();
  }

  // Waits until `(object->*condition)()`, which is called with the mutex held.
  template <typename T>
  void Await(const T* object, bool (T::*condition)() const) {
    Waiting waiting(*this);
    changed_.wait(waiting.lock, [&] { return (object->*condition)(); });
  }
  // The same for at most `timeout`; at once when it is not positive.
  template <typename T>
  void AwaitFor(const T* object, bool (T::*condition)() const, std::chrono::microseconds timeout) {
    Waiting waiting(*this);
    changed_.wait_for(waiting.lock, timeout, [&] { return (object->*condition)(); });
  }

 private:
  // Lends the held mutex to the condition variable, and takes it back.
  struct Waiting {
    explicit Waiting(SystemMutex& owner) : mutex(owner), lock(owner.mutex_, std::adopt_lock) {
      ++mutex.waiting_;
    }
    ~Waiting() {
      --mutex.waiting_;
      lock.release();
    }
    SystemMutex& mutex;
    std::unique_lock<std::mutex> lock;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t waiting_ = 0;  // under mutex_
};

// The mutex of all our code: the thread's scheduler decides, if it has one.
class ABSL_LOCKABLE Mutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    if (Scheduler* scheduler = Scheduler::OfThisThread(); scheduler != nullptr) {
      LockGoverned(*scheduler);
    } else {
      mutex_.Lock();
    }
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    mutex_.Unlock();
    // Others may have destroyed the mutex already: only its address is used.
    if (Scheduler* scheduler = Scheduler::OfThisThread(); scheduler != nullptr) {
      scheduler->Wake(this);
      scheduler->Yield();
    }
  }

  // As SystemMutex.
  template <typename T>
  void Await(const T* object, bool (T::*condition)() const) {
    if (Scheduler* scheduler = Scheduler::OfThisThread(); scheduler != nullptr) {
      while (!(object->*condition)()) WaitGoverned(*scheduler, std::nullopt);
    } else {
      mutex_.Await(object, condition);
    }
  }
  template <typename T>
  void AwaitFor(const T* object, bool (T::*condition)() const, std::chrono::microseconds timeout) {
    if (Scheduler* scheduler = Scheduler::OfThisThread(); scheduler != nullptr) {
      const Micros end = scheduler->MonotonicNow() + timeout.count();
      while (!(object->*condition)() && scheduler->MonotonicNow() < end) {
        WaitGoverned(*scheduler, end - scheduler->MonotonicNow());
      }
    } else {
      mutex_.AwaitFor(object, condition, timeout);
    }
  }

 private:
  void LockGoverned(Scheduler& scheduler) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  // Lets go of the mutex until somebody unlocks it or the time is up.
  void WaitGoverned(Scheduler& scheduler,
                    std::optional<Micros> timeout) ABSL_NO_THREAD_SAFETY_ANALYSIS;

  SystemMutex mutex_;
};

template <typename M>
class ABSL_SCOPED_LOCKABLE BasicMutexLock {
 public:
  explicit BasicMutexLock(M* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(*mutex) {
    mutex_.Lock();
  }
  ~BasicMutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.Unlock(); }
  BasicMutexLock(const BasicMutexLock&) = delete;
  BasicMutexLock& operator=(const BasicMutexLock&) = delete;

 private:
  M& mutex_;
};

using MutexLock = BasicMutexLock<Mutex>;
using SystemMutexLock = BasicMutexLock<SystemMutex>;

}  // namespace caseledger
