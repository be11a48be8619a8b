#include "services/rpc/replay.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/commands/references.h"
#include "services/commands/times.h"
#include "services/rpc/recorded_event.h"

namespace caseledger::rpc {
namespace {

using eventstore::EventLog;
using eventstore::StreamId;

constexpr size_t kEventsPerPage = 256;

// The event that a correction or void is about; "" for any other fact.
std::string TargetOf(const event::v1::Fact& fact) {
  if (fact.has_fact_corrected()) return fact.fact_corrected().target_event_id();
  return fact.has_event_voided() ? fact.event_voided().target_event_id() : "";
}

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
        if (!HadHappened(shown)) continue;
        const Standing& standing = StandingOf(shown.event_id());
        if (standing.event_id != shown.event_id()) {
          shown.set_superseded_by_event_id(standing.event_id);
        }
        *page.add_events() = std::move(shown);
      }
    }
    return true;
  }

 private:
  absl::Status Begin() {
    ASSIGN_OR_RETURN(events_that_count_, EventsAsOf(log_, replay_.as_of));
    ASSIGN_OR_RETURN(stream_, commands::FindRecord(IndexOf(log_), replay_.kind, replay_.record_id));
    uint64_t revision = 1;
    while (true) {
      ASSIGN_OR_RETURN(const auto events, log_.ReadStream(stream_, revision, kEventsPerPage));
      if (events.empty() || events.front().position >= events_that_count_) break;
      for (const eventstore::RecordedEvent& event : events) {
        revision = event.revision + 1;
        if (event.position >= events_that_count_) break;
        RETURN_IF_ERROR(Note(event));
      }
    }
    begun_ = true;
    return absl::OkStatus();
  }

  // What stands in the place of a fact after its corrections, and when that occurred.
  struct Standing {
    std::string event_id;
    Micros occurred_at = 0;
  };

  const Standing& StandingOf(const std::string& event_id) {
    const auto target = target_of_.find(event_id);
    return standing_[target == target_of_.end() ? event_id : target->second];
  }

  // Remembers when the event happened and what it supersedes. A correction counts as happening when
  // the fact did: at the time it gives itself, else at the time given before it. So does a void.
  absl::Status Note(const eventstore::RecordedEvent& event) {
    ASSIGN_OR_RETURN(const v1::RecordedEvent shown, ToPublicEvent(event, replay_.ledger));
    const std::string& id = shown.event_id();
    const std::string target = TargetOf(shown.fact());
    if (target.empty()) {
      standing_[id] = {id, event.occurred_at};
      happened_[id] = event.occurred_at;
      return absl::OkStatus();
    }
    Standing& standing = standing_[target];
    standing.event_id = id;
    const event::v1::FactCorrected& correction = shown.fact().fact_corrected();
    if (correction.has_replacement_occurred_time()) {
      standing.occurred_at = commands::FromTimestamp(correction.replacement_occurred_time());
    }
    target_of_[id] = target;
    happened_[id] = standing.occurred_at;
    return absl::OkStatus();
  }

  bool HadHappened(const v1::RecordedEvent& event) const {
    if (!replay_.as_of_occurred.has_value()) return true;
    const auto it = happened_.find(event.event_id());
    return it != happened_.end() && it->second <= *replay_.as_of_occurred;
  }

  const EventLog& log_;
  const RecordReplay replay_;
  bool begun_ = false;
  StreamId stream_;
  uint64_t events_that_count_ = 0;
  uint64_t next_revision_ = 1;
  std::map<std::string, Standing> standing_;      // by the fact's first event
  std::map<std::string, std::string> target_of_;  // of corrections and voids
  std::map<std::string, Micros> happened_;        // by event
};

}  // namespace

ReplaySource ReplayOfRecord(const EventLog& log, RecordReplay replay) {
  auto replayer = std::make_shared<RecordReplayer>(log, std::move(replay));
  return [replayer](v1::ReplayResponse& page) { return replayer->NextPage(page); };
}

ReplaySource ReplayOfLedger(const EventLog& log, std::string ledger, uint64_t from,
                            uint64_t max_events) {
  const uint64_t head = log.Head().next_position;
  const uint64_t wanted = max_events == 0 ? head : max_events;
  const uint64_t end = from >= head ? from : from + std::min(wanted, head - from);
  return [&log, ledger = std::move(ledger), from, head, end,
          next = from](v1::ReplayResponse& page) mutable -> absl::StatusOr<bool> {
    if (from > head) {
      return absl::OutOfRangeError("POSITION_PAST_END: the ledger has fewer events than that");
    }
    if (next >= end) return false;
    const size_t most = static_cast<size_t>(std::min<uint64_t>(kEventsPerPage, end - next));
    ASSIGN_OR_RETURN(const auto events, log.ReadLedger(next, most));
    for (const eventstore::RecordedEvent& event : events) {
      AddSentEvent(event, ledger, v1::ReplayResponse::kEventsFieldNumber, page);
      next = event.position + 1;
    }
    return !events.empty();
  };
}

}  // namespace caseledger::rpc
