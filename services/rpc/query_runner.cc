#include "services/rpc/query_runner.h"

#include <algorithm>
#include <chrono>

#include "services/rpc/status.h"

namespace caseledger::rpc {

grpc::ServerUnaryReactor* QueryRunner::Run(grpc::CallbackServerContext* context,
                                           std::function<absl::Status()> query) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool taken = executor_.Post(
      [reactor, query = std::move(query)] { reactor->Finish(ToGrpcStatus(query())); });
  if (!taken) {
    reactor->Finish(ToGrpcStatus(
        absl::ResourceExhaustedError("OVERLOADED: too many queries are waiting; try again")));
  }
  return reactor;
}

absl::Duration WaitLimit(const grpc::CallbackServerContext& context) {
  constexpr absl::Duration kMost = absl::Seconds(10);
  const absl::Duration left =
      absl::FromChrono(context.deadline()) - absl::FromChrono(std::chrono::system_clock::now());
  return std::clamp(left, absl::ZeroDuration(), kMost);
}

}  // namespace caseledger::rpc
