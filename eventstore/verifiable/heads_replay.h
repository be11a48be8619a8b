// Computes committed heads again, from the events of a ledger as they go by.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event.h"
#include "eventstore/verifiable/heads_tree.h"

namespace caseledger::eventstore {

// A stream's new head.
struct HeadChange {
  StreamId stream;
  uint64_t revision = 0;
  Hash256 leaf_hash;
};

// Keeps the tree in memory: about 250 bytes a stream, and 80 for each event after the newest
// committed heads, of which it remembers kMostBehind. Not thread-safe.
class HeadsReplay {
 public:
  // A commit covers all but the newest so many events before it.
  static constexpr size_t kMostBehind = size_t{1} << 20;

  HeadsReplay();
  ~HeadsReplay();

  // The next event: position after position, from 0.
  void Add(const StreamId& stream, uint64_t revision, const Hash256& leaf_hash);

  // What heads that cover the first `tree_size` events commit to. Sizes never go down.
  // INVALID_ARGUMENT when they do, or when more than kMostBehind events, or all, came after.
  struct Heads {
    Hash256 root;
    uint64_t stream_count = 0;
  };
  absl::StatusOr<Heads> At(uint64_t tree_size);

  // The same in two parts: what changed since, and what the tree is with that. The second takes
  // nearly all the time, and may run on another thread than everything else; one at a time, in
  // order.
  absl::StatusOr<std::vector<HeadChange>> TakeChanges(uint64_t tree_size);
  absl::StatusOr<Heads> Apply(const std::vector<HeadChange>& changes);

 private:
  class Pages;
  void TakeOldest(size_t count);

  std::unique_ptr<Pages> pages_;
  std::deque<HeadChange> pending_;                     // events [taken_, next)
  uint64_t taken_ = 0;                                 // events that changed_ or pages_ know
  absl::flat_hash_map<StreamId, HeadChange> changed_;  // not yet in pages_
  Heads heads_;                                        // of pages_
};

}  // namespace caseledger::eventstore
