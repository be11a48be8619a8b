#include "services/rpc/replay.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/references.h"
#include "services/rpc/occurrences.h"
#include "services/rpc/recorded_event.h"
#include "services/rpc/stream_gate.h"

namespace caseledger::rpc {
namespace {

using eventstore::EventLog;
using eventstore::StreamId;

constexpr size_t kEventsPerPage = 256;

// A replay of one record. The first page looks through the stream for corrections, so that a
// corrected event can say so although its correction comes later.
class RecordReplayer {
 public:
  RecordReplayer(Reading reading, RecordReplay replay)
      : gate_(std::move(reading)), replay_(std::move(replay)) {}

  absl::StatusOr<bool> NextPage(v1::ReplayResponse& page) {
    if (log_ == nullptr) {
      const absl::Status begun = Begin();
      if (!begun.ok()) return gate_.Refused(begun);
    }
    RETURN_IF_ERROR(gate_.NewPage());
    bool added = false;
    while (!added) {
      ASSIGN_OR_RETURN(const auto events,
                       log_->ReadStream(stream_, next_revision_, kEventsPerPage));
      std::vector<const eventstore::RecordedEvent*> expected;
      expected.reserve(events.size());
      for (const eventstore::RecordedEvent& event : events) expected.push_back(&event);
      RETURN_IF_ERROR(gate_.Expect(expected));
      bool ended = events.empty();
      for (const eventstore::RecordedEvent& event : events) {
        ended = event.position >= events_that_count_;
        if (ended) break;
        next_revision_ = event.revision + 1;
        ASSIGN_OR_RETURN(const bool shown, Add(event, page));
        added = added || shown;
      }
      if (ended && !added) {
        RETURN_IF_ERROR(gate_.End());
        return false;
      }
    }
    return true;
  }

 private:
  absl::Status Begin() {
    ASSIGN_OR_RETURN(stream_, gate_.BeginRecord(replay_.ledger, replay_.kind, replay_.record_id));
    const commands::Ledger& ledger = gate_.reading().ledger();
    const EventLog& log = *ledger.parts.log;
    ASSIGN_OR_RETURN(events_that_count_, EventsAsOf(log, replay_.as_of));
    uint64_t revision = 1;
    while (true) {
      ASSIGN_OR_RETURN(const auto events, log.ReadStream(stream_, revision, kEventsPerPage));
      if (events.empty() || events.front().position >= events_that_count_) break;
      for (const eventstore::RecordedEvent& event : events) {
        revision = event.revision + 1;
        if (event.position >= events_that_count_) break;
        ASSIGN_OR_RETURN(const v1::RecordedEvent shown, ToPublicEvent(event, ledger.parts.name));
        occurrences_.Note(shown);
      }
    }
    log_ = &log;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Add(const eventstore::RecordedEvent& event, v1::ReplayResponse& page) {
    const std::string id = event.event_id.ToString();
    if (replay_.as_of_occurred && !occurrences_.HadHappened(id, *replay_.as_of_occurred)) {
      return false;
    }
    const std::string& standing = occurrences_.StandingFor(id);
    return gate_.Add(event, gate_.reading().ledger().parts.name,
                     v1::ReplayResponse::kEventsFieldNumber, page, standing == id ? "" : standing);
  }

  StreamGate gate_;
  const RecordReplay replay_;
  const EventLog* log_ = nullptr;  // null until begun
  StreamId stream_;
  uint64_t events_that_count_ = 0;
  uint64_t next_revision_ = 1;
  Occurrences occurrences_;
};

// A replay of the whole ledger. A page looks at a bounded number of events: it may come out empty.
class LedgerReplayer {
 public:
  LedgerReplayer(Reading reading, LedgerReplay replay)
      : gate_(std::move(reading)), replay_(std::move(replay)) {}

  absl::StatusOr<bool> NextPage(v1::ReplayResponse& page) {
    if (log_ == nullptr) {
      const absl::Status begun = Begin();
      if (!begun.ok()) return gate_.Refused(begun);
    }
    RETURN_IF_ERROR(gate_.NewPage());
    if (next_ >= end_ || left_ == 0) {
      RETURN_IF_ERROR(gate_.End());
      return false;
    }
    ASSIGN_OR_RETURN(const auto events,
                     log_->ReadLedger(next_, static_cast<size_t>(std::min<uint64_t>(
                                                 kEventsPerPage, end_ - next_))));
    std::vector<const eventstore::RecordedEvent*> expected;
    expected.reserve(events.size());
    for (const eventstore::RecordedEvent& event : events) {
      if (expected.size() < left_) expected.push_back(&event);
    }
    RETURN_IF_ERROR(gate_.Expect(expected));
    for (const eventstore::RecordedEvent& event : events) {
      if (left_ == 0) break;
      next_ = event.position + 1;
      ASSIGN_OR_RETURN(const bool happened, HadHappened(event));
      if (!happened) continue;
      ASSIGN_OR_RETURN(const bool shown, gate_.Add(event, gate_.reading().ledger().parts.name,
                                                   v1::ReplayResponse::kEventsFieldNumber, page));
      if (shown) --left_;
    }
    return !events.empty();
  }

 private:
  absl::Status Begin() {
    gate_.reading().AskedFor(
        StrCat("from_position=", replay_.from, " max_events=", replay_.max_events));
    RETURN_IF_ERROR(gate_.BeginLedger(replay_.ledger));
    const EventLog& log = *gate_.reading().ledger().parts.log;
    const uint64_t head = log.Head().next_position;
    if (replay_.from > head) {
      return absl::OutOfRangeError("POSITION_PAST_END: the ledger has fewer events than that");
    }
    ASSIGN_OR_RETURN(const uint64_t events_that_count, EventsAsOf(log, replay_.as_of));
    end_ = std::min(head, events_that_count);
    next_ = replay_.from;
    left_ = replay_.max_events == 0 ? head : replay_.max_events;
    log_ = &log;
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
      ASSIGN_OR_RETURN(const auto events, log_->ReadStream(event.stream, revision, kEventsPerPage));
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

  StreamGate gate_;
  const LedgerReplay replay_;
  const EventLog* log_ = nullptr;  // null until begun
  uint64_t end_ = 0;
  uint64_t next_ = 0;
  uint64_t left_ = 0;  // events that may still be shown
};

}  // namespace

ReplaySource ReplayOfRecord(Reading reading, RecordReplay replay) {
  auto replayer = std::make_shared<RecordReplayer>(std::move(reading), std::move(replay));
  return [replayer](v1::ReplayResponse& page) { return replayer->NextPage(page); };
}

ReplaySource ReplayOfLedger(Reading reading, LedgerReplay replay) {
  auto replayer = std::make_shared<LedgerReplayer>(std::move(reading), std::move(replay));
  return [replayer](v1::ReplayResponse& page) { return replayer->NextPage(page); };
}

}  // namespace caseledger::rpc
