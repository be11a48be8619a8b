// What a log counts about itself while it runs; LogStats (log.h) is what others see of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "eventstore/base/clock.h"
#include "eventstore/base/distribution.h"
#include "eventstore/base/scheduler.h"

namespace caseledger::eventstore {

// Thread-safe. Times are MonotonicNow's.
class LogCounts {
 public:
  // A batch of `events`, which was resolved at `resolved`, is durable.
  void Committed(uint64_t events, Micros resolved) {
    batch_events.Add(events);
    commit_micros.Add(Between(resolved, MonotonicNow()));
  }
  void Answered(Micros submitted, Micros now) { append_micros.Add(Between(submitted, now)); }

  // Up to full batches of one event an append, and beyond.
  Distribution<10> batch_events{{1, 2, 5, 10, 20, 50, 100, 200, 512, 1024}};
  Distribution<13> commit_micros{kMicrosBounds};
  Distribution<13> append_micros{kMicrosBounds};

 private:
  static constexpr std::array<uint64_t, 13> kMicrosBounds = {
      100,    250,     500,     1'000,   2'500,     5'000,    10'000,
      25'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000};

  static uint64_t Between(Micros begin, Micros end) {
    return static_cast<uint64_t>(std::max<Micros>(end - begin, 0));
  }
};

}  // namespace caseledger::eventstore
