// Time, injected so that failures can be replayed.
#pragma once

#include <cstdint>

namespace caseledger {

// Microseconds since 1970-01-01T00:00:00Z.
using Micros = int64_t;

inline constexpr Micros kMicrosPerSecond = 1'000'000;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // The wall clock. May jump in both directions.
  virtual Micros Now() = 0;
};

// The machine's clock. Lives as long as the program.
Clock& SystemClock();

}  // namespace caseledger
