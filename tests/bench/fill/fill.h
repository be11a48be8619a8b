// Puts events into a ledger's directory without a server and without its commands: as fast as the
// log takes them.
#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "eventstore/log.h"

namespace caseledger::bench {

// Appends what `next` makes until it returns false, many at a time and in that order, sealed,
// heads committed on the way as the server does, and signs a checkpoint over all. `told` hears now
// and then how many events were committed.
//
// The directory has the ledger already and no server uses it. Returns the verifier of its
// checkpoints, as text. An error: what was appended before stays.
absl::StatusOr<std::string> FillLedger(const std::string& directory, const std::string& ledger,
                                       absl::FunctionRef<bool(eventstore::AppendRequest&)> next,
                                       absl::FunctionRef<void(uint64_t events)> told);

}  // namespace caseledger::bench
