// The seam by which a simulation decides which thread goes on, and what time it is. In production
// no thread has a scheduler: the system decides, and each operation below costs one test of a
// pointer.
//
// Code that is to be simulated blocks through mutex.h and thread.h alone, and measures spans of
// time with MonotonicNow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "eventstore/base/clock.h"

namespace caseledger {

// Governs some threads, one of which runs at a time. All calls come from the governed thread that
// runs, except Begin.
class Scheduler {
 public:
  using ThreadId = uint64_t;

  virtual ~Scheduler() = default;

  // Another thread may go on here first.
  virtual void Yield() = 0;
  // Returns after Wake of the same address, which is never looked into, or after `timeout`.
  // False: the time was up.
  virtual bool Wait(const void* address, std::optional<Micros> timeout) = 0;
  // Lets all threads that wait for the address go on; they do so later.
  virtual void Wake(const void* address) = 0;

  // A new thread: registered by its starter, begun and ended by itself.
  virtual ThreadId Register(const std::string& name) = 0;
  virtual void Begin(ThreadId thread) = 0;
  virtual void End(ThreadId thread) = 0;
  // Returns when it has ended.
  virtual void AwaitEnd(ThreadId thread) = 0;

  // Never goes back.
  virtual Micros MonotonicNow() = 0;

  // Who governs the calling thread. Null: the system.
  static Scheduler* OfThisThread() { return of_this_thread_; }
  static void SetOfThisThread(Scheduler* scheduler) { of_this_thread_ = scheduler; }

 private:
  static constinit inline thread_local Scheduler* of_this_thread_ = nullptr;
};

// Microseconds since some moment in the past; for spans, never goes back.
Micros MonotonicNow();

}  // namespace caseledger
