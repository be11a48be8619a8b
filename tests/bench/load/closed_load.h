// Calls of any kind, a fixed number of them in flight: each lane calls again when it was answered.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/load/deployment.h"
#include "tests/bench/load/samples.h"

namespace caseledger::bench {

// One call, of one lane; keeps what the call needs until it is done.
using AsyncCall =
    std::function<void(grpc::ClientContext& context, std::function<void(grpc::Status)> done)>;
// `lane`: from 0.
using CallMaker = std::function<AsyncCall(int lane)>;

struct ClosedLoad {
  int in_flight = 1;
  double seconds = 1;
  // What refuses for want of room counts as refused, not as failed, and the lane goes on; where
  // there is no connection, with the next one.
  bool refusals_are_fine = false;
};

struct ClosedResult {
  LoadResult load;  // of what was not refused
  uint64_t refused = 0;
};

// Blocks for `load.seconds` and until what is in flight has been answered.
ClosedResult RunClosedLoad(const Caller& caller, const ClosedLoad& load, const CallMaker& make);

// Commands about contacts, one after the other.
CallMaker ContactCalls(const Caller& caller, uint64_t seed);
// GetCase of one after the other.
CallMaker CaseCalls(const Caller& caller, std::shared_ptr<const std::vector<std::string>> cases);
// ListCases of the largest page.
CallMaker ListCalls(const Caller& caller);
// Commands of about so many bytes, refused for that.
CallMaker LargeCalls(const Caller& caller, size_t bytes);

}  // namespace caseledger::bench
