#include "eventstore/sequencer/batch_view.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/marks.h"
#include "eventstore/codec/record.h"
#include "eventstore/sequencer/reader.h"

namespace caseledger::eventstore {

BatchView::BatchView(HeadView& committed, std::string_view ledger, const FactUpgrades& upgrades,
                     const RecentEvents& recent, Micros now, bool keep_asked)
    : committed_(committed),
      ledger_(ledger),
      upgrades_(upgrades),
      recent_(recent.EndsAt(committed.head().next_position) ? &recent : nullptr),
      recorded_at_(std::max(now, committed.head().last_recorded_at)),
      base_position_(committed.head().next_position),
      keep_asked_(keep_asked) {}

absl::StatusOr<StreamHead> BatchView::Head(const StreamId& stream) {
  if (const auto known = streams_.find(stream); known != streams_.end()) return known->second.head;
  if (const RecordedEvent* newest = recent_ == nullptr ? nullptr : recent_->Newest(stream)) {
    return streams_[stream].head = {newest->revision, newest->position, newest->leaf_hash};
  }
  ASSIGN_OR_RETURN(const StreamHead head, committed_.FindStream(stream));
  if (keep_asked_) asked_.insert(stream);
  streams_[stream].head = head;
  return head;
}

absl::Status BatchView::ReadCommittedStream(const StreamId& stream, uint64_t from_revision,
                                            uint64_t end_revision,
                                            absl::FunctionRef<bool(const RecordedEvent&)> visit,
                                            bool& stopped) {
  const auto visit_recent = [&](const RecordedEvent& event) {
    stopped = !visit(event);
    return !stopped;
  };
  if (recent_ != nullptr && recent_->Visit(stream, from_revision, visit_recent)) {
    return absl::OkStatus();
  }
  absl::Status damage;
  uint64_t next_revision = from_revision;
  RETURN_IF_ERROR(
      committed_.ReadStream(stream, from_revision, [&](const StoredEvent& stored) -> bool {
        if (stored.revision != next_revision) return false;
        const absl::StatusOr<RecordedEvent> event = DecodeEvent(ledger_, stored, upgrades_);
        damage = event.status();
        stopped = !event.ok() || !visit(*event);
        ++next_revision;
        return !stopped;
      }));
  RETURN_IF_ERROR(damage);
  // A decision must never rest on part of a history.
  if (!stopped && next_revision != end_revision) {
    return absl::DataLossError(
        StrCat("a stream of kind ", stream.kind, " lacks its revision ", next_revision));
  }
  return absl::OkStatus();
}

absl::Status BatchView::ReadStream(const StreamId& stream, uint64_t from_revision,
                                   absl::FunctionRef<bool(const RecordedEvent&)> visit) {
  from_revision = std::max<uint64_t>(from_revision, 1);
  RETURN_IF_ERROR(Head(stream).status());
  // A copy: `visit` may look at other streams, and that moves the entries.
  const Stream known = streams_.find(stream)->second;
  const uint64_t committed_revision = known.head.revision - known.added.size();
  bool stopped = false;
  if (from_revision <= committed_revision) {
    RETURN_IF_ERROR(
        ReadCommittedStream(stream, from_revision, committed_revision + 1, visit, stopped));
  }
  for (const size_t index : known.added) {
    if (stopped) break;
    if (events_[index].revision >= from_revision) stopped = !visit(events_[index]);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> BatchView::FindMark(std::string_view key) {
  if (const auto added = marks_.find(ToAbsl(key)); added != marks_.end()) return added->second;
  return committed_.FindMark(key);
}

absl::StatusOr<std::optional<StreamId>> BatchView::FindName(uint32_t kind, std::string_view source,
                                                            std::string_view value) {
  return FindNameInMarks(kind, source, value,
                         [this](std::string_view key) { return FindMark(key); });
}

absl::Status BatchView::VisitReferrers(const StreamId& to,
                                       absl::FunctionRef<bool(const StreamId&)> visit) {
  const std::string prefix = MarkKeys::ReferencesTo(to);
  absl::Status damage;
  bool stopped = false;
  const auto visit_key = [&](std::string_view key) {
    const absl::StatusOr<StreamId> from = DecodeReferrer(key);
    damage.Update(from.status());
    stopped = !from.ok() || !visit(*from);
    return !stopped;
  };
  RETURN_IF_ERROR(committed_.VisitMarks(prefix, visit_key));
  for (const auto& [key, value] : marks_) {
    if (stopped) break;
    if (std::string_view(key).starts_with(prefix)) visit_key(key);
  }
  return damage;
}

absl::StatusOr<std::vector<RecordedEvent>> BatchView::ReadCommittedEvents(uint64_t from,
                                                                          size_t count) {
  EventCollector events(ledger_, upgrades_, count, std::numeric_limits<size_t>::max());
  const absl::Status visit = committed_.Read(
      from, from + count, [&events](const StoredEvent& stored) { return events.Visit(stored); });
  ASSIGN_OR_RETURN(std::vector<RecordedEvent> found, std::move(events).Finish(visit));
  if (found.size() != count) return absl::DataLossError(StrCat("no record after position ", from));
  return found;
}

void BatchView::Add(PreparedAppend append) {
  for (RecordedEvent& event : append.events) {
    Stream& stream = streams_[event.stream];
    stream.head = {event.revision, event.position, event.leaf_hash};
    stream.added.push_back(events_.size());
    events_.push_back(std::move(event));
  }
  std::move(append.records.begin(), append.records.end(), std::back_inserter(records_));
  for (auto& [key, value] : append.marks) marks_.insert_or_assign(key, std::move(value));
  stored_bytes_ += append.stored_bytes;
}

EngineBatch BatchView::TakeBatch() {
  EngineBatch batch;
  batch.head = committed_.head();
  if (events_.empty()) return batch;
  batch.events.reserve(events_.size());
  for (size_t i = 0; i < events_.size(); ++i) {
    const RecordedEvent& event = events_[i];
    batch.events.push_back(
        {event.stream, event.revision, event.position, event.leaf_hash, std::move(records_[i])});
  }
  for (const auto& [id, stream] : streams_) {
    if (!stream.added.empty()) batch.streams.emplace_back(id, stream.head);
  }
  for (auto& [key, value] : marks_) batch.marks.emplace_back(key, std::move(value));
  batch.head = {next_position(), recorded_at_, events_.back().leaf_hash};
  return batch;
}

}  // namespace caseledger::eventstore
