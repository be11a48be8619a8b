// Computes committed heads again, from the events of a ledger as they go by.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event.h"
#include "eventstore/verifiable/heads_tree.h"

namespace caseledger::eventstore {

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

 private:
  class Pages;
  struct Pending {
    StreamId stream;
    uint64_t revision = 0;
    Hash256 leaf_hash;
  };

  void TakeOldest(size_t count);

  std::unique_ptr<Pages> pages_;
  std::deque<Pending> pending_;                     // events [taken_, next)
  uint64_t taken_ = 0;                              // events that changed_ or pages_ know
  absl::flat_hash_map<StreamId, Pending> changed_;  // not yet in pages_
  Heads heads_;                                     // of pages_
};

}  // namespace caseledger::eventstore
