// How much memory a server process holds, as the system counts it.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace caseledger::testing {

struct ServerMemory {
  uint64_t resident_bytes = 0;  // now
  uint64_t peak_bytes = 0;      // most that was ever resident
};

// From /proc; zeros, and a failure of the test, when the process has ended.
ServerMemory MemoryOf(pid_t pid);

inline constexpr uint64_t kMebibyte = 1 << 20;

}  // namespace caseledger::testing
