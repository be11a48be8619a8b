// States of the records in use, folded from the log and cached.
//
// Invariants
//  1. A cached state is used only when its revision and leaf hash are those of the stream's head,
//     or when the events after it chain to its leaf hash. A state that includes events which never
//     became durable cannot pass, so the cache needs no word from the commit.
//  2. The cache holds at most `max_records` states and forgets the least recently used.
//
// Not thread-safe: used inside decisions only, which run one at a time per ledger.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log.h"
#include "services/commands/snapshots.h"
#include "services/domain/archive.h"
#include "services/domain/timeline.h"

namespace caseledger::commands {

// A recorded event as the domain sees it. DATA_LOSS when its fact cannot be read.
absl::StatusOr<domain::DomainEvent> ToDomainEvent(const eventstore::RecordedEvent& event);

// Everything about a stream: its effective facts in order of occurrence, and what is needed to
// correct one.
struct StreamHistory {
  domain::Timeline timeline;
  std::map<std::string, Uuid> request_ids;    // event id -> request it came with
  std::map<std::string, Uuid> causation_ids;  // event id -> event that led to it, if it says so
  std::map<std::string, uint32_t> fact_types;
};

absl::StatusOr<StreamHistory> ReadHistory(eventstore::LedgerView& view,
                                          const eventstore::StreamId& stream);

struct CachedState {
  virtual ~CachedState() = default;
  uint64_t revision = 0;
  Hash256 leaf_hash;
  domain::Micros latest_occurred_at = INT64_MIN;  // of the effective facts
};

template <typename State>
struct Aggregate final : CachedState {
  State state;
};

class Aggregates {
 public:
  // `max_records` is at least 1. `snapshots` may be null: then every stream is folded from its
  // beginning.
  Aggregates(size_t max_records, SnapshotStore* snapshots)
      : max_records_(max_records), snapshots_(snapshots) {}

  size_t size() const { return entries_.size(); }

  // The state after everything in the stream. The caller's share keeps it alive, whatever the cache
  // forgets meanwhile: deciding on one record loads others.
  template <typename State>
  absl::StatusOr<std::shared_ptr<const Aggregate<State>>> Load(eventstore::LedgerView& view,
                                                               const eventstore::StreamId& stream);

  // Calls `use` with the state as of `at`, in order of occurrence.
  template <typename State, typename Use>
  absl::Status WithStateAt(eventstore::LedgerView& view, const eventstore::StreamId& stream,
                           domain::Micros at, Use use) {
    ASSIGN_OR_RETURN(const auto aggregate, Load<State>(view, stream));
    if (at >= aggregate->latest_occurred_at) {
      use(aggregate->state);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view, stream));
    use(domain::FoldUntil<State>(history.timeline.in_order(), at));
    return absl::OkStatus();
  }

 private:
  struct Entry {
    std::shared_ptr<CachedState> state;
    std::list<eventstore::StreamId>::iterator used;
  };

  std::shared_ptr<CachedState> Find(const eventstore::StreamId& stream);
  void Keep(const eventstore::StreamId& stream, std::shared_ptr<CachedState> state);

  // Applies the events after `aggregate`. False when they do not chain to it or are not in order of
  // occurrence.
  template <typename State>
  absl::StatusOr<bool> CatchUp(eventstore::LedgerView& view, const eventstore::StreamId& stream,
                               Aggregate<State>& aggregate);
  template <typename State>
  std::shared_ptr<Aggregate<State>> FromSnapshot(eventstore::LedgerView& view,
                                                 const eventstore::StreamId& stream,
                                                 uint64_t head_revision);
  template <typename State>
  void SaveSnapshot(const eventstore::StreamId& stream, Aggregate<State>& aggregate);

  const size_t max_records_;
  SnapshotStore* const snapshots_;
  std::list<eventstore::StreamId> recently_used_;  // newest first
  absl::flat_hash_map<eventstore::StreamId, Entry> entries_;
};

template <typename State>
absl::StatusOr<bool> Aggregates::CatchUp(eventstore::LedgerView& view,
                                         const eventstore::StreamId& stream,
                                         Aggregate<State>& aggregate) {
  absl::Status failure;
  bool usable = true;
  RETURN_IF_ERROR(view.ReadStream(
      stream, aggregate.revision + 1, [&](const eventstore::RecordedEvent& recorded) {
        absl::StatusOr<domain::DomainEvent> event = ToDomainEvent(recorded);
        if (!event.ok()) {
          failure = event.status();
          return false;
        }
        usable = recorded.previous_leaf_hash == aggregate.leaf_hash &&
                 event->occurred_at >= aggregate.latest_occurred_at &&
                 !event->fact->has_fact_corrected() && !event->fact->has_event_voided();
        if (!usable) return false;
        aggregate.state.Apply(*event);
        aggregate.revision = recorded.revision;
        aggregate.leaf_hash = recorded.leaf_hash;
        aggregate.latest_occurred_at = event->occurred_at;
        return true;
      }));
  RETURN_IF_ERROR(failure);
  return usable;
}

template <typename State>
absl::StatusOr<std::shared_ptr<const Aggregate<State>>> Aggregates::Load(
    eventstore::LedgerView& view, const eventstore::StreamId& stream) {
  ASSIGN_OR_RETURN(const eventstore::StreamHead head, view.Head(stream));
  auto cached = std::dynamic_pointer_cast<Aggregate<State>>(Find(stream));
  const auto is_current = [&head](const Aggregate<State>& aggregate) {
    return aggregate.revision == head.revision && aggregate.leaf_hash == head.leaf_hash;
  };
  if (cached != nullptr && is_current(*cached)) return cached;
  if (cached == nullptr || cached->revision > head.revision) {
    cached = FromSnapshot<State>(view, stream, head.revision);
    if (cached == nullptr) cached = std::make_shared<Aggregate<State>>();
    // What is not there takes no place from what is: anybody can ask about it.
    if (head.revision > 0) Keep(stream, cached);
  }
  const uint64_t folded_from = cached->revision;
  ASSIGN_OR_RETURN(const bool usable, CatchUp(view, stream, *cached));
  if (!usable || !is_current(*cached)) {
    // A late entry, a correction, or a state of events that never became durable: fold anew.
    ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view, stream));
    auto fresh = std::make_shared<Aggregate<State>>();
    const auto& in_order = history.timeline.in_order();
    fresh->state = domain::FoldAll<State>(in_order);
    fresh->revision = head.revision;
    fresh->leaf_hash = head.leaf_hash;
    if (!in_order.empty()) fresh->latest_occurred_at = in_order.back().occurred_at;
    cached = std::move(fresh);
    Keep(stream, cached);
  }
  if (cached->revision >= folded_from + SnapshotStore::kEventsWorthASnapshot ||
      cached->revision / SnapshotStore::kEventsWorthASnapshot >
          folded_from / SnapshotStore::kEventsWorthASnapshot) {
    SaveSnapshot(stream, *cached);
  }
  return cached;
}

template <typename State>
std::shared_ptr<Aggregate<State>> Aggregates::FromSnapshot(eventstore::LedgerView& view,
                                                           const eventstore::StreamId& stream,
                                                           uint64_t head_revision) {
  if (snapshots_ == nullptr || head_revision < SnapshotStore::kEventsWorthASnapshot) return nullptr;
  const std::optional<Snapshot> snapshot = snapshots_->Find(stream);
  if (!snapshot.has_value() || snapshot->state_version != State::kVersion ||
      snapshot->revision > head_revision || snapshot->revision == 0) {
    return nullptr;
  }
  bool same = false;
  const absl::Status read =
      view.ReadStream(stream, snapshot->revision, [&](const eventstore::RecordedEvent& event) {
        same = event.leaf_hash == snapshot->leaf_hash;
        return false;
      });
  std::optional<State> state = domain::Restore<State>(snapshot->state);
  if (!read.ok() || !same || !state.has_value()) return nullptr;
  auto aggregate = std::make_shared<Aggregate<State>>();
  aggregate->revision = snapshot->revision;
  aggregate->leaf_hash = snapshot->leaf_hash;
  aggregate->latest_occurred_at = snapshot->latest_occurred_at;
  aggregate->state = *std::move(state);
  return aggregate;
}

template <typename State>
void Aggregates::SaveSnapshot(const eventstore::StreamId& stream, Aggregate<State>& aggregate) {
  if (snapshots_ == nullptr) return;
  snapshots_->Save(stream, {State::kVersion, aggregate.revision, aggregate.leaf_hash,
                            aggregate.latest_occurred_at, domain::Save(aggregate.state)});
}

}  // namespace caseledger::commands
