#include "eventstore/sequencer/recent_events.h"

namespace caseledger::eventstore {

void RecentEvents::Add(const SharedBatch& batch) {
  if (batch->first_position() != end_position_) {
    while (!batches_.empty()) DropOldest();
  }
  for (const RecordedEvent& event : batch->events) streams_[event.stream].push_back(&event);
  batches_.push_back(batch);
  end_position_ = batch->end_position();
  events_ += batch->events.size();
  bytes_ += batch->stored_bytes;
  while (events_ > max_events_ || bytes_ > max_bytes_) DropOldest();
}

void RecentEvents::DropOldest() {
  const SharedBatch& oldest = batches_.front();
  for (const RecordedEvent& event : oldest->events) {
    const auto found = streams_.find(event.stream);
    found->second.pop_front();
    if (found->second.empty()) streams_.erase(found);
  }
  events_ -= oldest->events.size();
  bytes_ -= oldest->stored_bytes;
  batches_.pop_front();
}

const RecordedEvent* RecentEvents::Newest(const StreamId& stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second.back();
}

bool RecentEvents::Visit(const StreamId& stream, uint64_t from_revision,
                         absl::FunctionRef<bool(const RecordedEvent&)> visit) const {
  const auto found = streams_.find(stream);
  if (found == streams_.end() || found->second.front()->revision > from_revision) return false;
  for (const RecordedEvent* event : found->second) {
    if (event->revision >= from_revision && !visit(*event)) break;
  }
  return true;
}

}  // namespace caseledger::eventstore
