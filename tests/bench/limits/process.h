// What the system says of a process.
#pragma once

#include <sys/types.h>

#include "absl/status/statusor.h"

namespace caseledger::bench {

// Peak resident memory in bytes, from /proc. UNAVAILABLE when there is no such process.
absl::StatusOr<double> PeakMemory(pid_t pid);

}  // namespace caseledger::bench
