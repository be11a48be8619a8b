// Who the benchmark says it is.
#pragma once

#include <grpcpp/grpcpp.h>

#include "services/access/caller.h"
#include "tests/bench/load/contact_commands.h"

namespace caseledger::bench {

// May send the workloads' commands and read what they made.
inline void Identify(grpc::ClientContext& context) {
  context.AddMetadata(access::kActorKey, kActor);
  context.AddMetadata(access::kAgencyKey, kAgency);
  context.AddMetadata(access::kRolesKey, "operator,auditor");
}

}  // namespace caseledger::bench
