// The ledger's newest events in memory, so that deciding on a record in use reads nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "eventstore/event.h"
#include "eventstore/sequencer/feed.h"

namespace caseledger::eventstore {

// Invariant: holds every event of positions [begin, end_position). Bounded by events and bytes. Not
// thread-safe: of the log's thread.
class RecentEvents {
 public:
  RecentEvents(size_t max_events, size_t max_bytes)
      : max_events_(max_events), max_bytes_(max_bytes) {}

  // A batch that was committed. One that does not follow makes it forget what it had.
  void Add(const SharedBatch& batch);

  // Only a committed head that stands here may be answered from memory; elsewhere somebody else
  // has written.
  bool EndsAt(uint64_t next_position) const { return end_position_ == next_position; }

  // The stream's newest event; null when it is older than what is held.
  const RecordedEvent* Newest(const StreamId& stream) const;

  // Visits the stream's events from `from_revision` on until `visit` returns false. False, and
  // nothing is visited, when they are not all held.
  bool Visit(const StreamId& stream, uint64_t from_revision,
             absl::FunctionRef<bool(const RecordedEvent&)> visit) const;

 private:
  void DropOldest();

  const size_t max_events_;
  const size_t max_bytes_;
  std::deque<SharedBatch> batches_;
  absl::flat_hash_map<StreamId, std::deque<const RecordedEvent*>> streams_;
  uint64_t end_position_ = 0;
  size_t events_ = 0;
  size_t bytes_ = 0;
};

}  // namespace caseledger::eventstore
