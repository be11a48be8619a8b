// Runs queries off the reaction: every unary query goes through here.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/rpc/executor.h"

namespace caseledger::rpc {

// Thread-safe.
class QueryRunner {
 public:
  explicit QueryRunner(Executor& executor) : executor_(executor) {}

  // Runs `query` on the pool and finishes the call with its status. RESOURCE_EXHAUSTED when the
  // pool is full.
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context,
                                std::function<absl::Status()> query);

 private:
  Executor& executor_;
};

// How long a query may wait for a read model: until the call's deadline, at most 10 seconds.
absl::Duration WaitLimit(const grpc::CallbackServerContext& context);

}  // namespace caseledger::rpc
