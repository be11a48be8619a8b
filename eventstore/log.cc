#include "eventstore/log.h"

#include <future>
#include <utility>

namespace caseledger::eventstore {

absl::StatusOr<AppendResult> EventLog::Append(AppendRequest request) {
  std::promise<absl::StatusOr<AppendResult>> promise;
  std::future<absl::StatusOr<AppendResult>> answer = promise.get_future();
  Submit(std::move(request),
         [&promise](absl::StatusOr<AppendResult> result) { promise.set_value(std::move(result)); });
  return answer.get();
}

}  // namespace caseledger::eventstore
