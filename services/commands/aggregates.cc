#include "services/commands/aggregates.h"

namespace caseledger::commands {

absl::StatusOr<domain::DomainEvent> ToDomainEvent(const eventstore::RecordedEvent& event) {
  auto fact = std::make_shared<domain::Fact>();
  if (!fact->ParseFromString(event.fact)) {
    return absl::DataLossError(
        absl::StrCat("the fact at position ", event.position, " cannot be read; verify the log"));
  }
  domain::DomainEvent out;
  out.event_id = event.event_id.ToString();
  out.record_id = event.stream.id.ToString();
  out.revision = event.revision;
  out.occurred_at = event.occurred_at;
  out.fact = std::move(fact);
  out.actor = event.origin.actor;
  out.agency = event.origin.agency;
  out.on_behalf_of = event.origin.on_behalf_of;
  out.legal_basis = event.origin.legal_basis;
  out.imported = !event.origin.source_file.empty();
  return out;
}

absl::StatusOr<StreamHistory> ReadHistory(eventstore::LedgerView& view,
                                          const eventstore::StreamId& stream) {
  StreamHistory history;
  absl::Status failure;
  RETURN_IF_ERROR(view.ReadStream(stream, 1, [&](const eventstore::RecordedEvent& recorded) {
    absl::StatusOr<domain::DomainEvent> event = ToDomainEvent(recorded);
    if (!event.ok()) {
      failure = event.status();
      return false;
    }
    history.request_ids[event->event_id] = recorded.origin.request_id;
    history.causation_ids[event->event_id] = recorded.origin.causation_id;
    history.fact_types[event->event_id] = recorded.fact_type;
    history.timeline.Add(*event);
    return true;
  }));
  RETURN_IF_ERROR(failure);
  return history;
}

std::shared_ptr<CachedState> Aggregates::Find(const eventstore::StreamId& stream) {
  const auto it = entries_.find(stream);
  if (it == entries_.end()) return nullptr;
  recently_used_.splice(recently_used_.begin(), recently_used_, it->second.used);
  return it->second.state;
}

void Aggregates::Keep(const eventstore::StreamId& stream, std::shared_ptr<CachedState> state) {
  const auto it = entries_.find(stream);
  if (it != entries_.end()) {
    it->second.state = std::move(state);
    return;
  }
  if (entries_.size() >= max_records_) {
    entries_.erase(recently_used_.back());
    recently_used_.pop_back();
  }
  recently_used_.push_front(stream);
  entries_[stream] = {std::move(state), recently_used_.begin()};
}

}  // namespace caseledger::commands
