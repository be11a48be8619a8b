// What the half-year report of a centre costs.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "tests/bench/load/deployment.h"
#include "tests/bench/report/report.h"

namespace caseledger::bench {

struct HalfYearCallers {
  const Caller& reader;  // may run reports
  const Caller& writer;  // may record contacts
  const Caller& administrator;
};

// Ten half-years, asked for one after the other for `seconds`: the first time each, then after
// contacts were written that count in it, then as known after half of the ledger's `events`.
absl::Status MeasureHalfYears(const HalfYearCallers& callers, uint64_t events, double seconds,
                              const std::string& prefix, Report& report);

}  // namespace caseledger::bench
