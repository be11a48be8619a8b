// What the appends of a batch are going to look at, looked up for all of them at once.
#pragma once

#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "eventstore/engine/engine.h"
#include "eventstore/log.h"
#include "eventstore/sequencer/batch.h"
#include "eventstore/sequencer/recent_events.h"

namespace caseledger::eventstore {

// Streams that decisions ask for in one batch after the other, such as those that give the callers
// their rights: no foresight of a command names them. Not thread-safe.
class UsualStreams {
 public:
  static constexpr size_t kMost = 128;

  // What one batch asked for.
  void Asked(absl::flat_hash_set<StreamId> asked);
  // What the last two had in common, at most kMost.
  const std::vector<StreamId>& streams() const { return usual_; }

 private:
  absl::flat_hash_set<StreamId> before_;
  std::vector<StreamId> usual_;
};

// Of a shared ledger: whether the appends were carried out before, and what their foresight names:
// in the view, and the keys to seal with. Streams in `recent` need no look. An error ends the
// commit.
absl::Status LookAhead(HeadView& view, const std::vector<const AppendRequest*>& appends,
                       const BatchContext& context, const RecentEvents& recent,
                       const UsualStreams& usual);

}  // namespace caseledger::eventstore
