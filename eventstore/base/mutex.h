// A mutex that ThreadSanitizer understands: Debian's Abseil is built without it, so what
// absl::Mutex orders looks like a race. Annotated for clang's -Wthread-safety.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "absl/base/thread_annotations.h"

namespace caseledger {

// Conditions are awaited as with absl::Mutex: whoever unlocks wakes those who wait.
class ABSL_LOCKABLE Mutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
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
    explicit Waiting(Mutex& owner) : mutex(owner), lock(owner.mutex_, std::adopt_lock) {
      ++mutex.waiting_;
    }
    ~Waiting() {
      --mutex.waiting_;
      lock.release();
    }
    Mutex& mutex;
    std::unique_lock<std::mutex> lock;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t waiting_ = 0;  // under mutex_
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(*mutex) {
    mutex_.Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace caseledger
