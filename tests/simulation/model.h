// What must hold, told independently: plain maps and vectors, and no code of the event store but
// the types of its contract.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/event.h"
#include "eventstore/log.h"

namespace caseledger::simulation {

// Bytes of a fact that says `text`.
std::string FactOf(std::string_view text);

// One append as its sender means it. Events of one append may go to several streams.
struct Sent {
  struct Event {
    eventstore::StreamId stream;
    Uuid id;
    std::string text;  // of its fact
  };
  std::string name;  // for the trace
  Uuid request_id;
  std::string content;
  std::vector<Event> events;
  std::vector<eventstore::StreamCheck> checks;
  std::vector<eventstore::NewName> names;
  // Each text is followed by what the decision read of the event's stream: revision and newest
  // event.
  bool echoes = false;
  // The decision refuses when the first event's stream is at an odd revision.
  bool only_if_even = false;
  bool too_large = false;
};
using SharedSent = std::shared_ptr<const Sent>;

// What an echoing decision adds to a text.
std::string EchoOf(uint64_t revision, const Uuid& newest_event);

// The ledger as it must be. An event that anybody has seen stays for ever, as it was seen.
//
// Every function that finds a breach says so in the text it returns; "" is all well.
class Model {
 public:
  // Events known in order, without a hole.
  uint64_t size() const { return events_.size(); }
  const eventstore::RecordedEvent& event(uint64_t position) const { return events_[position]; }
  // Every event below was acknowledged or seen behind one that was.
  uint64_t acknowledged_end() const { return acknowledged_end_; }

  // Takes the next event of the log: it must be what somebody sent, in its place.
  std::string Learn(const eventstore::RecordedEvent& event);
  // An event that somebody was shown, in any order.
  std::string Observe(const eventstore::RecordedEvent& event);
  // To be called when the whole log has been learned: nothing seen may be missing.
  std::string CheckNothingIsMissing() const;

  // A sender is about to submit.
  void Submitting(const SharedSent& sent);
  // It got this answer. `from` is the end of the log before submitting, `to` after the answer; all
  // below `to` has been learned, unless the log could not be read.
  std::string Answered(const SharedSent& sent,
                       const absl::StatusOr<eventstore::AppendResult>& answer, uint64_t from,
                       uint64_t to);

  uint64_t RevisionAt(const eventstore::StreamId& stream, uint64_t end) const;
  // Positions of the stream's events.
  const std::vector<uint64_t>& PositionsOf(const eventstore::StreamId& stream) const;
  uint64_t CountRecordedUntil(Micros time) const;
  // Number of the request's events among those known, and the first one's position.
  std::optional<std::pair<uint64_t, uint64_t>> FindRequest(const Uuid& request_id) const;
  // Bearers of the name by source, of the events before `end`.
  std::map<std::string, eventstore::StreamId> BearersAt(uint32_t kind, const std::string& value,
                                                        uint64_t end) const;

 private:
  struct Request {
    std::vector<SharedSent> variants;  // same id, different content
    int open_submits = 0;              // not answered, or with unknown outcome
    int first_answers = 0;             // that did not say "already"
    SharedSent carried_out;
    uint64_t first_position = 0;
    uint64_t count = 0;  // events in the log
  };
  struct Named {
    uint64_t position;  // of the first event of the append that gave the name
    eventstore::StreamId stream;
  };
  using NameKey = std::pair<uint32_t, std::string>;  // kind, value

  std::string CheckPlace(const eventstore::RecordedEvent& event) const;
  std::string BeginRequest(const eventstore::RecordedEvent& event, Request& request);
  std::string CheckSame(const eventstore::RecordedEvent& event, const Request& request) const;
  std::string CheckAcknowledged(const SharedSent& sent, const eventstore::AppendResult& result,
                                uint64_t from, uint64_t to);
  std::string CheckRefused(const SharedSent& sent, const absl::Status& status, uint64_t from,
                           uint64_t to) const;
  // Whether what the append expects holds when the log ends at `end`.
  bool ExpectationsHold(const Sent& sent, uint64_t end) const;
  bool NameIsTaken(const Sent& sent, uint64_t end) const;
  // Whether `holds` at some end of an append from `from` to `to`.
  template <typename Holds>
  bool AtSomeMoment(uint64_t from, uint64_t to, Holds holds) const;

  std::vector<eventstore::RecordedEvent> events_;
  std::map<uint64_t, eventstore::RecordedEvent> seen_ahead_;
  std::map<eventstore::StreamId, std::vector<uint64_t>> streams_;
  std::map<NameKey, std::map<std::string, Named>> names_;  // by source
  std::map<Uuid, Request> requests_;
  std::vector<uint64_t> append_ends_ = {0};
  uint64_t acknowledged_end_ = 0;
};

}  // namespace caseledger::simulation
