// Commands over the Batch stream.
#pragma once

#include <cstdint>

#include "tests/bench/load/deployment.h"
#include "tests/bench/load/samples.h"

namespace caseledger::bench {

struct BatchLoad {
  int commands_per_message = 100;
  int messages_in_flight = 8;
  uint64_t commands = 100'000;
  uint64_t seed = 1;
};

// Sends them over one stream; the latency samples are of messages, one per message.
// `seconds` is until the last answer.
LoadResult RunBatchLoad(const Caller& caller, const BatchLoad& load);

}  // namespace caseledger::bench
