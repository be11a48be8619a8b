// Single commands over gRPC, a fixed number of them in flight.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/load/contact_commands.h"
#include "tests/bench/load/deployment.h"
#include "tests/bench/load/samples.h"

namespace caseledger::bench {

struct UnaryLoad {
  int in_flight = 1;
  double seconds = 1;
  // Commands a second all lanes together, 0: as many as go through.
  double most_per_second = 0;
  uint64_t seed = 1;
  // Lane i sends to the i-th, and begins again after the last.
  std::vector<std::string> ledgers = {kLedger};
  pid_t server = 0;  // whose CPU time is to be counted, with our own; 0: none
};

// Every lane sends its next command when the last was answered. Blocks for `load.seconds` and until
// what is in flight has been answered.
LoadResult RunUnaryLoad(const Caller& caller, const UnaryLoad& load);

}  // namespace caseledger::bench
