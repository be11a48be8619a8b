// Who the benchmark says it is.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "tests/bench/load/contact_commands.h"

namespace caseledger::bench {

// May send the workloads' commands and read what they made.
inline void Identify(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::hours(2));
  context.AddMetadata("caseledger-actor", kActor);
  context.AddMetadata("caseledger-agency", kAgency);
  context.AddMetadata("caseledger-roles", "operator,auditor");
}

}  // namespace caseledger::bench
