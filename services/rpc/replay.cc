#include "services/rpc/replay.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/commands/references.h"
#include "services/rpc/occurrences.h"
#include "services/rpc/recorded_event.h"

namespace caseledger::rpc {
namespace {

using eventstore::EventLog;
using eventstore::StreamId;

constexpr size_t kEventsPerPage = 256;

// A replay of one record. The first page looks through the stream for corrections, so that a
// corrected event can say so although its correction comes later.
class RecordReplayer {
 public:
  RecordReplayer(const EventLog& log, RecordReplay replay)
      : log_(log), replay_(std::move(replay)) {}

  absl::StatusOr<bool> NextPage(v1::ReplayResponse& page) {
    if (!begun_) RETURN_IF_ERROR(Begin());
    while (page.events_size() == 0) {
      ASSIGN_OR_RETURN(const auto events, log_.ReadStream(stream_, next_revision_, kEventsPerPage));
      if (events.empty()) return false;
      for (const eventstore::RecordedEvent& event : events) {
        if (event.position >= events_that_count_) return page.events_size() > 0;
        next_revision_ = event.revision + 1;
        ASSIGN_OR_RETURN(v1::RecordedEvent shown, ToPublicEvent(event, replay_.ledger));
        if (replay_.as_of_occurred &&
            !occurrences_.HadHappened(shown.event_id(), *replay_.as_of_occurred)) {
          continue;
        }
        const std::string& standing = occurrences_.StandingFor(shown.event_id());
        if (standing != shown.event_id()) shown.set_superseded_by_event_id(standing);
        *page.add_events() = std::move(shown);
      }
    }
    return true;
  }

 private:
  absl::Status Begin() {
    ASSIGN_OR_RETURN(events_that_count_, EventsAsOf(log_, replay_.as_of));
    ASSIGN_OR_RETURN(stream_,
                     commands::FindRecordToRead(IndexOf(log_), replay_.kind, replay_.record_id));
    uint64_t revision = 1;
    while (true) {
      ASSIGN_OR_RETURN(const auto events, log_.ReadStream(stream_, revision, kEventsPerPage));
      if (events.empty() || events.front().position >= events_that_count_) break;
      for (const eventstore::RecordedEvent& event : events) {
        revision = event.revision + 1;
        if (event.position >= events_that_count_) break;
        ASSIGN_OR_RETURN(const v1::RecordedEvent shown, ToPublicEvent(event, replay_.ledger));
        occurrences_.Note(shown);
      }
    }
    begun_ = true;
    return absl::OkStatus();
  }

  const EventLog& log_;
  const RecordReplay replay_;
  bool begun_ = false;
  StreamId stream_;
  uint64_t events_that_count_ = 0;
  uint64_t next_revision_ = 1;
  Occurrences occurrences_;
};

// A replay of the whole ledger. A page looks at a bounded number of events: it may come out empty.
class LedgerReplayer {
 public:
  LedgerReplayer(const EventLog& log, LedgerReplay replay)
      : log_(log), replay_(std::move(replay)), head_(log.Head().next_position) {}

  absl::StatusOr<bool> NextPage(v1::ReplayResponse& page) {
    if (!begun_) RETURN_IF_ERROR(Begin());
    if (next_ >= end_ || left_ == 0) return false;
    ASSIGN_OR_RETURN(const auto events,
                     log_.ReadLedger(next_, static_cast<size_t>(
                                                std::min<uint64_t>(kEventsPerPage, end_ - next_))));
    for (const eventstore::RecordedEvent& event : events) {
      if (left_ == 0) break;
      next_ = event.position + 1;
      ASSIGN_OR_RETURN(const bool happened, HadHappened(event));
      if (!happened) continue;
      AddSentEvent(event, replay_.ledger, v1::ReplayResponse::kEventsFieldNumber, page);
      --left_;
    }
    return !events.empty();
  }

 private:
  absl::Status Begin() {
    if (replay_.from > head_) {
      return absl::OutOfRangeError("POSITION_PAST_END: the ledger has fewer events than that");
    }
    ASSIGN_OR_RETURN(const uint64_t events_that_count, EventsAsOf(log_, replay_.as_of));
    end_ = std::min(head_, events_that_count);
    next_ = replay_.from;
    left_ = replay_.max_events == 0 ? head_ : replay_.max_events;
    begun_ = true;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> HadHappened(const eventstore::RecordedEvent& event) {
    if (!replay_.as_of_occurred) return true;
    const bool about_a_fact = event.fact_type == event::v1::Fact::kFactCorrected ||
                              event.fact_type == event::v1::Fact::kEventVoided;
    if (!about_a_fact) return event.occurred_at <= *replay_.as_of_occurred;
    // Rare enough to read the record's history for it.
    Occurrences occurrences;
    for (uint64_t revision = 1; revision <= event.revision;) {
      ASSIGN_OR_RETURN(const auto events, log_.ReadStream(event.stream, revision, kEventsPerPage));
      if (events.empty()) break;
      for (const eventstore::RecordedEvent& each : events) {
        revision = each.revision + 1;
        if (each.revision > event.revision) break;
        ASSIGN_OR_RETURN(const v1::RecordedEvent shown, ToPublicEvent(each, replay_.ledger));
        occurrences.Note(shown);
      }
    }
    return occurrences.HadHappened(event.event_id.ToString(), *replay_.as_of_occurred);
  }

  const EventLog& log_;
  const LedgerReplay replay_;
  const uint64_t head_;
  bool begun_ = false;
  uint64_t end_ = 0;
  uint64_t next_ = 0;
  uint64_t left_ = 0;  // events that may still be shown
};

}  // namespace

ReplaySource ReplayOfRecord(const EventLog& log, RecordReplay replay) {
  auto replayer = std::make_shared<RecordReplayer>(log, std::move(replay));
  return [replayer](v1::ReplayResponse& page) { return replayer->NextPage(page); };
}

ReplaySource ReplayOfLedger(const EventLog& log, LedgerReplay replay) {
  auto replayer = std::make_shared<LedgerReplayer>(log, std::move(replay));
  return [replayer](v1::ReplayResponse& page) { return replayer->NextPage(page); };
}

}  // namespace caseledger::rpc
