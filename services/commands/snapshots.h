// Snapshots of long streams: a state at a revision, so that it need not be folded from the first
// event.
//
// Throw-away and self-checking: a snapshot names the leaf hash of the event it was made at, so one
// made of events that never became durable, or of another state version, is simply not used.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "eventstore/event.h"
#include "projections/read_model/read_model.h"

namespace caseledger::commands {

struct Snapshot {
  uint32_t state_version = 0;
  uint64_t revision = 0;
  Hash256 leaf_hash;
  int64_t latest_occurred_at = 0;
  std::string state;
};

// Not thread-safe: used by the ledger's sequencer thread only.
class SnapshotStore {
 public:
  // A snapshot is worth it from this many folded events on.
  static constexpr uint64_t kEventsWorthASnapshot = 128;

  explicit SnapshotStore(std::unique_ptr<projections::ReadModelTable> table);

  std::optional<Snapshot> Find(const eventstore::StreamId& stream) const;
  // Failing to save is no failure: the state is folded again next time.
  void Save(const eventstore::StreamId& stream, const Snapshot& snapshot);

 private:
  std::unique_ptr<projections::ReadModelTable> table_;
};

}  // namespace caseledger::commands
