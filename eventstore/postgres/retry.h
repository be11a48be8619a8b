// How often and when something is tried again.
#pragma once

#include "absl/base/thread_annotations.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "eventstore/postgres/postgres_options.h"

namespace caseledger::eventstore::postgres {

// Thread-safe.
class Retry {
 public:
  // `random` must outlive it.
  Retry(PostgresRetry options, RandomSource& random) : options_(options), random_(random) {}

  // Waits before attempt `next` (2 and up), for a random part of its pause, so that those who
  // failed together do not come back together. False: it is not to be made, because it would be
  // one too many, or because of Stop.
  bool Await(int next) ABSL_LOCKS_EXCLUDED(mutex_);
  // From now on nothing is tried again, and nobody waits.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool stopped() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopped_; }
  Micros PauseBefore(int next);

  const PostgresRetry options_;
  RandomSource& random_;
  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace caseledger::eventstore::postgres
