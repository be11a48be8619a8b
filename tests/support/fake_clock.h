// A clock that only moves when told.
#pragma once

#include <atomic>

#include "eventstore/base/clock.h"

namespace caseledger::testing {

// Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Micros now = 1'700'000'000'000'000) : now_(now) {}
  Micros Now() override { return now_.load(); }
  void Set(Micros now) { now_.store(now); }
  void Advance(Micros by) { now_.fetch_add(by); }

 private:
  std::atomic<Micros> now_;
};

}  // namespace caseledger::testing
