// Lets calls in until it is closed, and lets the closer wait for those inside.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"

namespace caseledger::eventstore {

// Thread-safe. A call may enter again while it is inside: Enter never waits.
class CallGate {
 public:
  // True: call Leave later. False: closed.
  bool Enter() {
    MutexLock lock(&mutex_);
    if (closed_) return false;
    ++inside_;
    return true;
  }

  void Leave() {
    MutexLock lock(&mutex_);
    --inside_;
  }

  // Refuses new calls and waits for those inside. False when it was closed before.
  bool CloseAndWait() {
    MutexLock lock(&mutex_);
    const bool first = !closed_;
    closed_ = true;
    mutex_.Await(this, &CallGate::Empty);
    return first;
  }

 private:
  bool Empty() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return inside_ == 0; }

  Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t inside_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One call's stay inside the gate.
class GateEntry {
 public:
  explicit GateEntry(CallGate& gate) : gate_(gate), inside_(gate.Enter()) {}
  ~GateEntry() {
    if (inside_) gate_.Leave();
  }
  GateEntry(const GateEntry&) = delete;
  GateEntry& operator=(const GateEntry&) = delete;

  bool inside() const { return inside_; }

 private:
  CallGate& gate_;
  const bool inside_;
};

}  // namespace caseledger::eventstore
