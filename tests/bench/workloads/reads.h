// What readers do to a running server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/load/deployment.h"
#include "tests/bench/load/samples.h"

namespace caseledger::bench {

// Subscribes from position 0 and reads until `events` have come. For who sees the whole ledger.
absl::StatusOr<LoadResult> Replay(const Caller& caller, uint64_t events);

// The ids of the first contacts of the ledger that the caller sees, at most `most`.
absl::StatusOr<std::vector<std::string>> FirstContacts(const Caller& caller, size_t most);

// Reads the whole history of one contact after the other for `seconds`.
absl::StatusOr<LoadResult> ReadHistories(const Caller& caller,
                                         const std::vector<std::string>& contacts, double seconds);

// Events of the ledger.
absl::StatusOr<uint64_t> LedgerSize(const Caller& caller);

// Of a read model, as the administrator is told.
struct ProjectionState {
  std::string name;
  std::string state;
  uint64_t lag_events = 0;
  uint64_t applied_events = 0;
};
absl::StatusOr<std::vector<ProjectionState>> ProjectionStates(const Caller& caller);

// Rebuilds one projection; returns how long it took until it was live at the head again.
absl::StatusOr<double> Rebuild(const Caller& caller, const std::string& projection);

// Waits until all projections have applied everything.
absl::Status WaitForProjections(const Caller& caller);

// Waits until a checkpoint covers everything that is recorded now.
absl::Status WaitForCheckpoint(const Caller& caller);

}  // namespace caseledger::bench
