// Lengths of time as laws and definitions give them, in the ledger's zone (UTC+7).
#pragma once

#include <cstdint>

#include "eventstore/base/clock.h"

namespace caseledger::projections {

// The last moment of what is due in that many hours.
Micros AfterHours(Micros start, uint32_t hours);
// The last second of the last day. The day of `start` is not counted.
Micros AfterDays(Micros start, uint32_t days);
// The same, counting Mondays to Fridays only. No days: the last second of the day of `start`.
Micros AfterWorkingDays(Micros start, uint32_t days);
// The last second of the same day of the month, so many months later; where there is no such day,
// of the last day of that month.
Micros AfterMonths(Micros start, uint32_t months);

}  // namespace caseledger::projections
