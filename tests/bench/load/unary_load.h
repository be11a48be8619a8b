// Single commands over gRPC, a fixed number of them in flight.
#pragma once

#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "tests/bench/load/samples.h"

namespace caseledger::bench {

std::shared_ptr<grpc::Channel> Connect(const std::string& address);

struct UnaryLoad {
  int in_flight = 1;
  double seconds = 1;
  // Commands a second all lanes together, 0: as many as go through.
  double most_per_second = 0;
  uint64_t seed = 1;
  pid_t server = 0;  // whose CPU time is to be counted, with our own; 0: none
};

// Every lane sends its next command when the last was answered. Blocks for `load.seconds` and until
// what is in flight has been answered.
LoadResult RunUnaryLoad(const std::shared_ptr<grpc::Channel>& channel, const UnaryLoad& load);

}  // namespace caseledger::bench
