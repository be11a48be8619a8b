// What readers do to a running server.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/load/samples.h"

namespace caseledger::bench {

// Subscribes from position 0 and reads until `events` have come.
absl::StatusOr<LoadResult> Replay(const std::shared_ptr<grpc::Channel>& channel, uint64_t events);

// The ids of the first contacts of the ledger, at most `most`.
absl::StatusOr<std::vector<std::string>> FirstContacts(
    const std::shared_ptr<grpc::Channel>& channel, size_t most);

// Reads the whole history of one contact after the other for `seconds`.
absl::StatusOr<LoadResult> ReadHistories(const std::shared_ptr<grpc::Channel>& channel,
                                         const std::vector<std::string>& contacts, double seconds);

struct ProjectionState {
  std::string name;
  std::string state;
  uint64_t lag_events = 0;
  uint64_t applied_events = 0;
};
absl::StatusOr<std::vector<ProjectionState>> ProjectionStates(
    const std::shared_ptr<grpc::Channel>& channel);

// Rebuilds one projection; returns how long it took until it was live at the head again.
absl::StatusOr<double> Rebuild(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& projection);

// Waits until all projections have applied everything.
absl::Status WaitForProjections(const std::shared_ptr<grpc::Channel>& channel);

// Waits until a checkpoint covers everything that is recorded now.
absl::Status WaitForCheckpoint(const std::shared_ptr<grpc::Channel>& channel);

}  // namespace caseledger::bench
