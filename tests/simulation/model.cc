#include "tests/simulation/model.h"

#include <algorithm>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/strings.h"

namespace caseledger::simulation {
namespace {

using eventstore::Expected;
using eventstore::RecordedEvent;
using eventstore::StreamId;

bool SameEvent(const RecordedEvent& a, const RecordedEvent& b) {
  return a.event_id == b.event_id && a.stream == b.stream && a.revision == b.revision &&
         a.position == b.position && a.recorded_at == b.recorded_at && a.fact == b.fact &&
         a.leaf_hash == b.leaf_hash && a.previous_leaf_hash == b.previous_leaf_hash &&
         a.origin.request_id == b.origin.request_id && a.origin.actor == b.origin.actor;
}

bool AsExpected(const Expected& expected, uint64_t revision) {
  switch (expected.kind) {
    case Expected::Kind::kAny:
      return true;
    case Expected::Kind::kNone:
      return revision == 0;
    case Expected::Kind::kExists:
      return revision > 0;
    case Expected::Kind::kRevision:
      return revision == expected.revision;
  }
  return false;
}

}  // namespace

std::string FactOf(std::string_view text) {
  event::v1::Fact fact;
  fact.mutable_contact_received()->set_channel(std::string(text));
  return fact.SerializeAsString();
}

std::string EchoOf(uint64_t revision, const Uuid& newest_event) {
  return StrCat(" after ", revision, " ", newest_event.ToString());
}

std::string Model::Learn(const RecordedEvent& event) {
  if (event.position < events_.size()) return Observe(event);
  if (std::string breach = CheckPlace(event); !breach.empty()) return breach;
  const auto found = requests_.find(event.origin.request_id);
  if (found == requests_.end()) return StrCat("nobody sent what is at ", event.position);
  Request& request = found->second;
  if (event.position == append_ends_.back()) {
    if (std::string breach = BeginRequest(event, request); !breach.empty()) return breach;
  }
  if (std::string breach = CheckSame(event, request); !breach.empty()) return breach;
  ++request.count;
  streams_[event.stream].push_back(event.position);
  events_.push_back(event);
  if (const auto seen = seen_ahead_.find(event.position); seen != seen_ahead_.end()) {
    if (!SameEvent(seen->second, event)) return StrCat("another event at ", event.position);
    seen_ahead_.erase(seen);
  }
  return "";
}

std::string Model::CheckPlace(const RecordedEvent& event) const {
  if (event.position != events_.size()) {
    return StrCat("position ", event.position, " where ", events_.size(), " was next");
  }
  const uint64_t revision = RevisionAt(event.stream, events_.size());
  if (event.revision != revision + 1) {
    return StrCat("revision ", event.revision, " after ", revision, " at ", event.position);
  }
  const Hash256 previous =
      revision == 0 ? Hash256{} : events_[PositionsOf(event.stream).back()].leaf_hash;
  if (event.previous_leaf_hash != previous) return StrCat("hash chain broken at ", event.position);
  if (!events_.empty() && event.recorded_at < events_.back().recorded_at) {
    return StrCat("recorded time goes back at ", event.position);
  }
  return "";
}

// Of those that were sent under its id, which one is this; and was it right to carry it out?
std::string Model::BeginRequest(const RecordedEvent& event, Request& request) {
  const std::string where = StrCat(" at ", event.position);
  if (request.count > 0) return "a request was carried out twice" + where;
  if (request.open_submits == 0) return "a refused request was carried out" + where;
  for (const SharedSent& sent : request.variants) {
    if (!sent->events.empty() && sent->events.front().id == event.event_id) {
      request.carried_out = sent;
    }
  }
  if (request.carried_out == nullptr) return "nobody sent such an event" + where;
  const Sent& sent = *request.carried_out;
  if (!ExpectationsHold(sent, event.position)) return "not as expected, but carried out" + where;
  if (NameIsTaken(sent, event.position)) return "a name was given twice" + where;
  if (sent.too_large) return "too large, but carried out" + where;
  request.first_position = event.position;
  append_ends_.push_back(event.position + sent.events.size());
  for (const eventstore::NewName& name : sent.names) {
    names_[{name.stream.kind, name.value}].try_emplace(name.source,
                                                       Named{event.position, name.stream});
  }
  return "";
}

std::string Model::CheckSame(const RecordedEvent& event, const Request& request) const {
  const std::string where = StrCat(" at ", event.position);
  if (request.carried_out == nullptr || request.count >= request.carried_out->events.size()) {
    return "more events than were sent" + where;
  }
  const Sent& sent = *request.carried_out;
  const Sent::Event& meant = sent.events[request.count];
  std::string text = meant.text;
  if (sent.echoes) {
    const uint64_t revision = RevisionAt(meant.stream, request.first_position);
    text +=
        EchoOf(revision,
               revision == 0 ? Uuid{} : events_[PositionsOf(meant.stream)[revision - 1]].event_id);
  }
  if (event.event_id != meant.id || event.stream != meant.stream || event.fact != FactOf(text)) {
    return StrCat("not what ", sent.name, " sent", where);
  }
  return "";
}

std::string Model::Observe(const RecordedEvent& event) {
  if (event.position < events_.size()) {
    if (SameEvent(events_[event.position], event)) return "";
    return StrCat("another event at ", event.position);
  }
  const auto [seen, is_new] = seen_ahead_.try_emplace(event.position, event);
  if (is_new || SameEvent(seen->second, event)) return "";
  return StrCat("another event at ", event.position);
}

std::string Model::CheckNothingIsMissing() const {
  if (seen_ahead_.empty()) return "";
  return StrCat("the log ends at ", events_.size(), ", but position ", seen_ahead_.begin()->first,
                " was seen");
}

void Model::Submitting(const SharedSent& sent) {
  Request& request = requests_[sent->request_id];
  ++request.open_submits;
  const bool known = std::any_of(request.variants.begin(), request.variants.end(),
                                 [&](const SharedSent& other) { return other == sent; });
  if (!known) request.variants.push_back(sent);
}

std::string Model::Answered(const SharedSent& sent,
                            const absl::StatusOr<eventstore::AppendResult>& answer, uint64_t from,
                            uint64_t to) {
  if (answer.ok()) return CheckAcknowledged(sent, *answer, from, to);
  // The outcome is unknown: it may be carried out at any time up to the next start.
  if (absl::IsUnavailable(answer.status())) return "";
  --requests_[sent->request_id].open_submits;
  if (to > events_.size()) return "";  // the log could not be read
  return CheckRefused(sent, answer.status(), from, to);
}

std::string Model::CheckAcknowledged(const SharedSent& sent, const eventstore::AppendResult& result,
                                     uint64_t from, uint64_t to) {
  Request& request = requests_[sent->request_id];
  if (sent->events.empty()) {
    --request.open_submits;
    if (to > events_.size()) return "";
    const bool held =
        AtSomeMoment(from, to, [&](uint64_t end) { return ExpectationsHold(*sent, end); });
    return held && result.events.empty() ? "" : "a check that never held was found right";
  }
  if (result.events.size() != sent->events.size()) return "not all events were acknowledged";
  for (size_t i = 0; i < sent->events.size(); ++i) {
    const RecordedEvent& event = result.events[i];
    if (event.event_id != sent->events[i].id) return "other events were acknowledged";
    if (event.position >= to) return "an acknowledged event is not in the log";
    if (std::string breach = Observe(event); !breach.empty()) return breach;
  }
  acknowledged_end_ = std::max(acknowledged_end_, result.events.back().position + 1);
  if (result.already_appended) return "";
  if (++request.first_answers > 1) return "one request was carried out and acknowledged twice";
  return result.events.front().position < from ? "carried out before it was sent" : "";
}

std::string Model::CheckRefused(const SharedSent& sent, const absl::Status& status, uint64_t from,
                                uint64_t to) const {
  const std::string text(status.message());
  const auto is_true = [&](auto holds) {
    return AtSomeMoment(from, to, holds) ? std::string() : StrCat("refused without reason: ", text);
  };
  if (absl::IsResourceExhausted(status)) return "";
  if (absl::IsAborted(status)) {
    return is_true([&](uint64_t end) {
      return std::any_of(sent->checks.begin(), sent->checks.end(), [&](const auto& check) {
        return !AsExpected(check.expected, RevisionAt(check.stream, end));
      });
    });
  }
  if (absl::IsFailedPrecondition(status)) {
    return is_true([&](uint64_t end) {
      return sent->only_if_even && RevisionAt(sent->events.front().stream, end) % 2 == 1;
    });
  }
  if (absl::IsInvalidArgument(status) && sent->too_large) return "";
  if (!absl::IsAlreadyExists(status)) return StrCat("not promised: ", status.ToString());
  if (text.starts_with("EXTERNAL_REF_TAKEN")) {
    return is_true([&](uint64_t end) { return NameIsTaken(*sent, end); });
  }
  const Request& request = requests_.at(sent->request_id);
  const bool other = request.carried_out != nullptr && request.carried_out != sent;
  return other ? "" : StrCat("refused without reason: ", text);
}

bool Model::ExpectationsHold(const Sent& sent, uint64_t end) const {
  if (sent.only_if_even && RevisionAt(sent.events.front().stream, end) % 2 == 1) return false;
  return std::all_of(sent.checks.begin(), sent.checks.end(), [&](const auto& check) {
    return AsExpected(check.expected, RevisionAt(check.stream, end));
  });
}

bool Model::NameIsTaken(const Sent& sent, uint64_t end) const {
  return std::any_of(sent.names.begin(), sent.names.end(), [&](const auto& name) {
    const auto bearers = BearersAt(name.stream.kind, name.value, end);
    const auto bearer = bearers.find(name.source);
    return bearer != bearers.end() && bearer->second != name.stream;
  });
}

template <typename Holds>
bool Model::AtSomeMoment(uint64_t from, uint64_t to, Holds holds) const {
  auto end = std::lower_bound(append_ends_.begin(), append_ends_.end(), from);
  for (; end != append_ends_.end() && *end <= to; ++end) {
    if (holds(*end)) return true;
  }
  return false;
}

uint64_t Model::RevisionAt(const StreamId& stream, uint64_t end) const {
  const std::vector<uint64_t>& positions = PositionsOf(stream);
  return static_cast<uint64_t>(std::lower_bound(positions.begin(), positions.end(), end) -
                               positions.begin());
}

const std::vector<uint64_t>& Model::PositionsOf(const StreamId& stream) const {
  static const std::vector<uint64_t> none;
  const auto found = streams_.find(stream);
  return found == streams_.end() ? none : found->second;
}

uint64_t Model::CountRecordedUntil(Micros time) const {
  return static_cast<uint64_t>(
      std::count_if(events_.begin(), events_.end(),
                    [&](const RecordedEvent& event) { return event.recorded_at <= time; }));
}

std::optional<std::pair<uint64_t, uint64_t>> Model::FindRequest(const Uuid& request_id) const {
  const auto found = requests_.find(request_id);
  if (found == requests_.end() || found->second.count == 0) return std::nullopt;
  return std::pair(found->second.count, found->second.first_position);
}

std::map<std::string, StreamId> Model::BearersAt(uint32_t kind, const std::string& value,
                                                 uint64_t end) const {
  std::map<std::string, StreamId> bearers;
  const auto found = names_.find({kind, value});
  if (found == names_.end()) return bearers;
  for (const auto& [source, named] : found->second) {
    if (named.position < end) bearers.emplace(source, named.stream);
  }
  return bearers;
}

}  // namespace caseledger::simulation
