// The rows of a rebuilt table beside those of the table before it, both of the same events.
#pragma once

#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "projections/read_model/read_model.h"
#include "projections/runtime/runtime.h"
#include "projections/runtime/worker.h"

namespace caseledger::projections {

// One comparison, in a thread of its own: what is live goes on meanwhile. Thread-safe.
class Comparison {
 public:
  // `before`: over the table before, which reflects no more than `rebuilt`; never started, and
  // nobody else writes to that table. `on_end` is called by the thread when both are let go of.
  Comparison(std::unique_ptr<Worker> before, std::unique_ptr<ReadSnapshot> rebuilt,
             std::function<void()> on_end);
  ~Comparison() { StopAndJoin(); }

  // Once.
  void Start() ABSL_LOCKS_EXCLUDED(join_mutex_);
  // Ends it, and waits for the thread. Idempotent; from any thread but its own.
  void StopAndJoin() ABSL_LOCKS_EXCLUDED(join_mutex_, mutex_);

  TableComparison result() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Neither table is looked at any more.
  bool ended() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run();
  // Brings the table before as far as the other one, then compares.
  absl::Status Compare();
  absl::Status CompareRows(const ReadSnapshot& before, const ReadSnapshot& rebuilt);
  // Tells how far it is. CANCELLED when asked to end.
  absl::Status Tell(const TableComparison& so_far) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::function<void()> on_end_;
  // Of the thread; `before_` is also told to end.
  std::unique_ptr<Worker> before_;
  std::unique_ptr<ReadSnapshot> rebuilt_;

  mutable Mutex mutex_;
  TableComparison result_ ABSL_GUARDED_BY(mutex_);
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;

  Mutex join_mutex_;
  Thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace caseledger::projections
