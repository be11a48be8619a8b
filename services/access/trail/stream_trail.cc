#include "services/access/trail/stream_trail.h"

#include <algorithm>

#include "eventstore/base/status_macros.h"

namespace caseledger::access {

absl::StatusOr<std::unique_ptr<StreamTrail>> StreamTrail::Open(Trail& trail, Call call,
                                                               event::v1::RecordAccessed about) {
  about.set_stage(event::v1::TRAIL_STAGE_OPENED);
  event::v1::Fact fact;
  *fact.mutable_record_accessed() = about;
  ASSIGN_OR_RETURN(const Trail::Place opened, trail.AppendAndWait(call, std::move(fact)));
  // The entries that follow name the one that opened the stream.
  about.clear_query();
  about.clear_records();
  about.clear_events();
  return std::unique_ptr<StreamTrail>(
      new StreamTrail(trail, std::move(call), std::move(about), opened.event_id));
}

StreamTrail::~StreamTrail() {
  if (!closed_) trail_.Finish(call_, opened_, EntryOf(event::v1::TRAIL_STAGE_CLOSED));
}

absl::Status StreamTrail::Note(options::v1::RecordKind kind, const Uuid& record, uint64_t events) {
  do {
    const uint64_t counted = std::min(events, kMostEventsPerEntry - events_);
    records_.emplace(kind, record);
    events_ += counted;
    events -= counted;
    if (events_ == kMostEventsPerEntry || records_.size() == size_t{kMostRecordsPerEntry}) {
      RETURN_IF_ERROR(Write(event::v1::TRAIL_STAGE_CONTINUED));
    }
  } while (events > 0);
  return absl::OkStatus();
}

absl::Status StreamTrail::Write(event::v1::TrailStage stage) {
  RETURN_IF_ERROR(trail_.Continue(call_, opened_, EntryOf(stage)).status());
  records_.clear();
  events_ = 0;
  return absl::OkStatus();
}

absl::Status StreamTrail::Flush() {
  if (events_ == 0 && records_.empty()) return absl::OkStatus();
  return Write(event::v1::TRAIL_STAGE_CONTINUED);
}

absl::Status StreamTrail::Close() {
  if (closed_) return absl::OkStatus();
  RETURN_IF_ERROR(Write(event::v1::TRAIL_STAGE_CLOSED));
  closed_ = true;
  return absl::OkStatus();
}

event::v1::Fact StreamTrail::EntryOf(event::v1::TrailStage stage) const {
  event::v1::Fact fact;
  event::v1::RecordAccessed& entry = *fact.mutable_record_accessed();
  entry = about_;
  entry.set_stage(stage);
  for (const auto& [kind, id] : records_) {
    event::v1::TrailRecord& record = *entry.add_records();
    record.set_kind(kind);
    record.set_record_id(id.ToString());
  }
  entry.set_events(events_);
  return fact;
}

}  // namespace caseledger::access
