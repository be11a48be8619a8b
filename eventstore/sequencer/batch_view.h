// What an append is decided against: the committed ledger plus the batch's earlier appends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "eventstore/codec/upgrades.h"
#include "eventstore/engine/engine.h"
#include "eventstore/log.h"
#include "eventstore/sequencer/names.h"
#include "eventstore/sequencer/recent_events.h"

namespace caseledger::eventstore {

// An append ready to be written: placed, encoded and hashed. `events` and `records` go together.
struct PreparedAppend {
  std::vector<RecordedEvent> events;
  std::vector<std::string> records;
  NewMarks marks;
  size_t stored_bytes = 0;
};

// Not thread-safe. Lives within one run of `resolve`.
class BatchView final : public LedgerView {
 public:
  // All references must outlive the view. `keep_asked`: whether TakeAsked is to tell anything.
  BatchView(HeadView& committed, std::string_view ledger, const FactUpgrades& upgrades,
            const RecentEvents& recent, Micros now, bool keep_asked);

  Micros recorded_at() const override { return recorded_at_; }
  uint64_t next_position() const override { return base_position_ + events_.size(); }
  absl::StatusOr<StreamHead> Head(const StreamId& stream) override;
  absl::Status ReadStream(const StreamId& stream, uint64_t from_revision,
                          absl::FunctionRef<bool(const RecordedEvent&)> visit) override;
  absl::StatusOr<std::optional<StreamId>> FindName(uint32_t kind, std::string_view source,
                                                   std::string_view value) override;
  absl::Status VisitReferrers(const StreamId& to,
                              absl::FunctionRef<bool(const StreamId&)> visit) override;

  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view key);
  // Committed events [from, from + count). DATA_LOSS when some are missing.
  absl::StatusOr<std::vector<RecordedEvent>> ReadCommittedEvents(uint64_t from, size_t count);

  // From now on the append is part of what is seen.
  void Add(PreparedAppend append);

  size_t stored_bytes() const { return stored_bytes_; }
  bool empty() const { return events_.empty(); }
  // All that was added, to be committed. The view is spent.
  EngineBatch TakeBatch();
  std::vector<RecordedEvent> TakeEvents() { return std::move(events_); }
  // Streams whose committed heads were asked for.
  absl::flat_hash_set<StreamId> TakeAsked() { return std::move(asked_); }

 private:
  struct Stream {
    StreamHead head;
    std::vector<size_t> added;  // indexes into events_
  };

  // Committed revisions [from_revision, end_revision). DATA_LOSS when one is missing.
  absl::Status ReadCommittedStream(const StreamId& stream, uint64_t from_revision,
                                   uint64_t end_revision,
                                   absl::FunctionRef<bool(const RecordedEvent&)> visit,
                                   bool& stopped);

  HeadView& committed_;
  const std::string_view ledger_;
  const FactUpgrades& upgrades_;
  const RecentEvents* const recent_;  // null when it does not end at the committed head
  const Micros recorded_at_;
  const uint64_t base_position_;
  const bool keep_asked_;
  std::vector<RecordedEvent> events_;
  std::vector<std::string> records_;
  absl::flat_hash_map<StreamId, Stream> streams_;  // those looked at or written
  absl::flat_hash_set<StreamId> asked_;            // of `committed_`
  NewMarks marks_;
  size_t stored_bytes_ = 0;
};

}  // namespace caseledger::eventstore
