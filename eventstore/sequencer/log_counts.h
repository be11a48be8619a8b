// What a log counts about itself while it runs; LogStats (log.h) is what others see of it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "eventstore/base/distribution.h"

namespace caseledger::eventstore {

using SteadyTime = std::chrono::steady_clock::time_point;

// Thread-safe. Measured by the machine's steady clock, which decides nothing.
class LogCounts {
 public:
  static SteadyTime Now() { return std::chrono::steady_clock::now(); }

  void Committed(uint64_t events, SteadyTime resolved) {
    batch_events.Add(events);
    commit_micros.Add(MicrosBetween(resolved, Now()));
  }
  void Answered(SteadyTime submitted, SteadyTime now) {
    append_micros.Add(MicrosBetween(submitted, now));
  }

  // Up to the events of a full batch of one event each, and beyond it.
  Distribution<10> batch_events{{1, 2, 5, 10, 20, 50, 100, 200, 512, 1024}};
  Distribution<13> commit_micros{kMicrosBounds};
  Distribution<13> append_micros{kMicrosBounds};

 private:
  static constexpr std::array<uint64_t, 13> kMicrosBounds = {
      100,    250,     500,     1'000,   2'500,     5'000,    10'000,
      25'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000};

  static uint64_t MicrosBetween(SteadyTime begin, SteadyTime end) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(end - begin).count());
  }
};

}  // namespace caseledger::eventstore
