// How far every stream of a ledger goes, as the tree of eventstore/verifiable/HEADS.md, and where
// each event stands by its id. Rebuildable: keeps nothing that the log cannot recreate.
//
// It is no worker of the runtime: nobody reads it but when heads are committed, and then what came
// since is taken in at once, each stream that changed one time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log.h"
#include "eventstore/verifiable/heads_tree.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// The tree as it was after the ledger's first `tree_size` events. Thread-safe.
class HeadsSnapshot {
 public:
  // INTERNAL when the table is damaged.
  static absl::StatusOr<std::shared_ptr<const HeadsSnapshot>> Take(const ReadModelTable& table);

  uint64_t tree_size() const { return rows_->applied_events(); }
  uint64_t stream_count() const { return stream_count_; }
  const Hash256& root() const { return root_; }

  // NOT_FOUND when these events are none of the stream's.
  absl::StatusOr<eventstore::ProvenHead> Prove(const eventstore::StreamId& stream) const;

  // Position of an event of these; nullopt when it is none.
  absl::StatusOr<std::optional<uint64_t>> FindEvent(const Uuid& event_id) const;

 private:
  explicit HeadsSnapshot(std::unique_ptr<ReadSnapshot> rows) : rows_(std::move(rows)) {}

  const std::unique_ptr<ReadSnapshot> rows_;
  uint64_t stream_count_ = 0;
  Hash256 root_;
};

// Not thread-safe, except Snapshot.
class StreamHeads {
 public:
  // `log` and `store` must outlive it.
  static absl::StatusOr<std::unique_ptr<StreamHeads>> Open(const eventstore::EventLog& log,
                                                           std::string_view ledger,
                                                           ReadModelStore& store);

  uint64_t tree_size() const { return table_->Snapshot()->applied_events(); }

  // Takes in the ledger's events up to `end`, in steps, so that memory stays bounded and what is
  // done is kept. Stops early, with CANCELLED, when `go_on` says false. Passes on errors of the log
  // and the table.
  absl::Status CatchUp(uint64_t end, const std::function<bool()>& go_on);

  absl::StatusOr<std::shared_ptr<const HeadsSnapshot>> Snapshot() const {
    return HeadsSnapshot::Take(*table_);
  }

 private:
  StreamHeads(const eventstore::EventLog& log, std::unique_ptr<ReadModelTable> table)
      : log_(log), table_(std::move(table)) {}

  absl::Status TakeIn(uint64_t from, uint64_t end);

  const eventstore::EventLog& log_;
  const std::unique_ptr<ReadModelTable> table_;
};

// Position of the event in the log, in what `snapshot` covers or after it; nullopt when there is no
// such event. Reads what the snapshot does not cover.
absl::StatusOr<std::optional<uint64_t>> FindEvent(const HeadsSnapshot& snapshot,
                                                  const eventstore::EventLog& log,
                                                  const Uuid& event_id);

}  // namespace caseledger::projections
