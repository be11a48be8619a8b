// Which events of a ledger this program was told of: by them it knows whether another database has
// the same ledger up to there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/mutex.h"

namespace caseledger::eventstore::postgres {

struct ToldEvent {
  uint64_t position = 0;
  Hash256 leaf_hash;
};

// The newest one, some before it, and one that a standby had: all of one timeline, for what a
// primary has told of may be gone with it. Thread-safe.
class ToldEvents {
 public:
  static constexpr size_t kMost = 16;
  // Older ones lie so far apart at least, so that together they reach further back than a standby
  // that keeps up is behind.
  static constexpr uint64_t kApart = 64;

  // The primary has told of it. `timeline`: the newest that was met before it was asked.
  void Tell(uint64_t timeline, uint64_t position, const Hash256& leaf_hash)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // A standby has it.
  void Settle(uint64_t position) ABSL_LOCKS_EXCLUDED(mutex_);
  // Those at `position` or behind it, at most kMost and one; none when `timeline`, the newest that
  // was met, is not theirs.
  std::vector<ToldEvent> From(uint64_t timeline, uint64_t position) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // A standby had none of those it was asked for: until then it is not asked again.
  void LeaveAloneUntil(Micros time) ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsLeftAlone(Micros now) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable Mutex mutex_;
  uint64_t timeline_ ABSL_GUARDED_BY(mutex_) = 0;
  // Ascending; the first is the one that a standby had, once there was one.
  std::vector<ToldEvent> told_ ABSL_GUARDED_BY(mutex_);
  bool settled_ ABSL_GUARDED_BY(mutex_) = false;
  Micros left_alone_until_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace caseledger::eventstore::postgres
