#include "eventstore/log.h"

#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"

namespace caseledger::eventstore {
namespace {

// One answer on its way from the log's thread to the caller's.
class Answer {
 public:
  void Give(absl::StatusOr<AppendResult> result) {
    MutexLock lock(&mutex_);
    result_ = std::move(result);
  }
  absl::StatusOr<AppendResult> Await() {
    MutexLock lock(&mutex_);
    mutex_.Await(this, &Answer::IsGiven);
    return *std::move(result_);
  }

 private:
  bool IsGiven() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return result_.has_value(); }

  Mutex mutex_;
  std::optional<absl::StatusOr<AppendResult>> result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<AppendResult> EventLog::Append(AppendRequest request) {
  Answer answer;
  Submit(std::move(request),
         [&answer](absl::StatusOr<AppendResult> result) { answer.Give(std::move(result)); });
  return answer.Await();
}

}  // namespace caseledger::eventstore
