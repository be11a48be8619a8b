// What is committed, seen as decisions see it, so that reads ask the same code.
#pragma once

#include <optional>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "eventstore/log.h"

namespace caseledger::commands {

// Heads of streams that were looked at, as long as the log does not go on: over a database each
// look is a round trip, and a replay asks for the same few with every event it shows. Not
// thread-safe.
class KnownHeads {
 public:
  static constexpr size_t kMost = 4096;

  // What was known of another moment is forgotten.
  void At(uint64_t next_position) {
    if (next_position == next_position_) return;
    next_position_ = next_position;
    heads_.clear();
  }
  const eventstore::StreamHead* Find(const eventstore::StreamId& stream) const {
    const auto known = heads_.find(stream);
    return known == heads_.end() ? nullptr : &known->second;
  }
  void Put(const eventstore::StreamId& stream, const eventstore::StreamHead& head) {
    if (heads_.size() < kMost) heads_.emplace(stream, head);
  }

 private:
  uint64_t next_position_ = 0;
  absl::flat_hash_map<eventstore::StreamId, eventstore::StreamHead> heads_;
};

// Each stream is seen as it stood when it was first looked at, whatever is committed meanwhile: a
// history never goes beyond the head that was told before it. Not thread-safe; lives for one
// question. May block on storage.
class CommittedView final : public eventstore::LedgerView {
 public:
  // `now`: what counts as the time of the question. The log must outlive the view.
  CommittedView(const eventstore::EventLog& log, Micros now) : log_(log), now_(now) {}
  // `known` is what was looked at before, of the log as it stands now; it must outlive the view.
  CommittedView(const eventstore::EventLog& log, Micros now, KnownHeads& known)
      : log_(log), now_(now), known_(&known) {
    known.At(log.Head().next_position);
  }

  Micros recorded_at() const override { return now_; }
  uint64_t next_position() const override { return log_.Head().next_position; }
  absl::StatusOr<eventstore::StreamHead> Head(const eventstore::StreamId& stream) override;
  absl::Status ReadStream(const eventstore::StreamId& stream, uint64_t from_revision,
                          absl::FunctionRef<bool(const eventstore::RecordedEvent&)> visit) override;
  absl::StatusOr<std::optional<eventstore::StreamId>> FindName(uint32_t kind,
                                                               std::string_view source,
                                                               std::string_view value) override;
  absl::Status VisitReferrers(const eventstore::StreamId& to,
                              absl::FunctionRef<bool(const eventstore::StreamId&)> visit) override;

 private:
  const eventstore::EventLog& log_;
  const Micros now_;
  KnownHeads* const known_ = nullptr;
  absl::flat_hash_map<eventstore::StreamId, eventstore::StreamHead> heads_;
};

}  // namespace caseledger::commands
