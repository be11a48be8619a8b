// The terms in which a report is asked for.
#pragma once

#include <limits>

#include "absl/container/flat_hash_set.h"
#include "eventstore/base/clock.h"
#include "eventstore/event.h"

namespace caseledger::projections {

inline constexpr Micros kBeginOfTime = std::numeric_limits<Micros>::min();
inline constexpr Micros kEndOfTime = std::numeric_limits<Micros>::max();

// [from, to)
struct Period {
  Micros from = kBeginOfTime;
  Micros to = kEndOfTime;

  bool Holds(Micros time) const { return from <= time && time < to; }
};

using Streams = absl::flat_hash_set<eventstore::StreamId>;

}  // namespace caseledger::projections
