// Recorded events made by hand, for projections: positions and revisions count up by themselves.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/event.h"

namespace caseledger::testing {

// A UUID that tests can name: the same text always gives the same id.
inline Uuid NamedId(std::string_view name) { return Uuid::FromName(Uuid{}, name); }

inline eventstore::StreamId NamedStream(options::v1::RecordKind kind, std::string_view name) {
  return {static_cast<uint32_t>(kind), NamedId(name)};
}

inline void SetTime(google::protobuf::Timestamp& time, Micros micros) {
  time.set_seconds(micros / kMicrosPerSecond);
  time.set_nanos(static_cast<int32_t>(micros % kMicrosPerSecond) * 1000);
}

// The events of one ledger, in order. Not thread-safe.
class RecordedEvents {
 public:
  // Records the fact. It is recorded one second after the fact before, whenever it occurred.
  const eventstore::RecordedEvent& Add(const eventstore::StreamId& stream,
                                       const event::v1::Fact& fact, Micros occurred_at,
                                       const std::string& agency = "agency-1",
                                       const std::string& actor = "worker-1") {
    eventstore::RecordedEvent event;
    event.position = events_.size();
    event.event_id = NamedId("event-" + std::to_string(event.position));
    event.stream = stream;
    event.revision = ++revisions_[stream];
    event.occurred_at = occurred_at;
    event.recorded_at = kFirstRecordedAt + static_cast<Micros>(event.position) * kMicrosPerSecond;
    event.fact_type = static_cast<uint32_t>(fact.kind_case());
    event.fact = fact.SerializeAsString();
    event.origin.actor = actor;
    event.origin.agency = agency;
    events_.push_back(std::move(event));
    return events_.back();
  }
  // Corrects the event at `position`; `occurred_at` 0: as the target said.
  const eventstore::RecordedEvent& Correct(uint64_t position, const event::v1::Fact& replacement,
                                           Micros occurred_at = 0) {
    event::v1::Fact fact;
    auto& correction = *fact.mutable_fact_corrected();
    correction.set_target_event_id(events_.at(position).event_id.ToString());
    *correction.mutable_replacement() = replacement;
    if (occurred_at != 0) SetTime(*correction.mutable_replacement_occurred_time(), occurred_at);
    correction.set_reason("mistake");
    return Add(events_.at(position).stream, fact, kFirstRecordedAt);
  }
  // Voids the event at `position`.
  const eventstore::RecordedEvent& Void(uint64_t position) {
    event::v1::Fact fact;
    fact.mutable_event_voided()->set_target_event_id(events_.at(position).event_id.ToString());
    fact.mutable_event_voided()->set_reason("mistake");
    return Add(events_.at(position).stream, fact, kFirstRecordedAt);
  }

  // What the server said of the newest when it took it.
  void FlagNewest(std::vector<std::string> data_quality) {
    events_.back().data_quality = std::move(data_quality);
  }

  // The newest was recorded for another agency.
  void ForNewest(std::string on_behalf_of) {
    events_.back().origin.on_behalf_of = std::move(on_behalf_of);
  }

  const std::vector<eventstore::RecordedEvent>& all() const { return events_; }
  uint64_t size() const { return events_.size(); }

 private:
  static constexpr Micros kFirstRecordedAt = 1'800'000'000 * kMicrosPerSecond;

  std::map<eventstore::StreamId, uint64_t> revisions_;
  std::vector<eventstore::RecordedEvent> events_;
};

}  // namespace caseledger::testing
