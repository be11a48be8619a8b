// Rights of those who read: the same questions as inside a decision, about what is committed now.
#pragma once

#include <cstddef>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log.h"
#include "services/access/call.h"
#include "services/access/trail/trail.h"
#include "services/commands/aggregates.h"
#include "services/commands/committed_view.h"
#include "services/commands/rights.h"

namespace caseledger::commands {

// Thread-safe; blocks on storage when a record is not in its cache.
class ReadRights {
 public:
  // `trail` may be null; all must outlive this.
  ReadRights(const eventstore::EventLog& log, RulesCache& rules, const access::Trail* trail,
             size_t max_cached_records)
      : log_(log), rules_(rules), trail_(trail), aggregates_(max_cached_records, nullptr) {}

  // Calls `use` with the caller's rights as of now and gives what it gives. Everything asked within
  // is asked of one moment.
  template <typename Use>
  auto With(const access::Call& call, Micros now, Use use) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(&mutex_);
    CommittedView view(log_, now, heads_);
    Rights rights(view, aggregates_, rules_, trail_, call);
    return use(rights);
  }

  // Calls `use` with what is committed and the states of records folded from it, and gives what it
  // gives: for what an answer tells of other records than the one it shows.
  template <typename Use>
  auto WithRecords(Micros now, Use use) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(&mutex_);
    CommittedView view(log_, now, heads_);
    return use(static_cast<eventstore::LedgerView&>(view), aggregates_);
  }

 private:
  const eventstore::EventLog& log_;
  RulesCache& rules_;
  const access::Trail* const trail_;
  Mutex mutex_;
  Aggregates aggregates_ ABSL_GUARDED_BY(mutex_);
  KnownHeads heads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::commands
