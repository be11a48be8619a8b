#include "eventstore/sequencer/batch.h"

#include <optional>
#include <utility>

#include "eventstore/base/hash.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/codec/marks.h"
#include "eventstore/codec/record.h"
#include "eventstore/sequencer/batch_view.h"
#include "eventstore/sequencer/checks.h"
#include "eventstore/sequencer/names.h"

namespace caseledger::eventstore {
namespace {

// One append on its way into the batch. `view` is not changed.
class AppendPreparer {
 public:
  AppendPreparer(BatchView& view, const AppendRequest& request, const BatchContext& context)
      : view_(view), request_(request), context_(context) {}

  // Nothing is prepared for a decision without events.
  absl::StatusOr<PreparedAppend> Prepare(std::string request_mark_key, const Hash256& digest) {
    ASSIGN_OR_RETURN(Decision decision, request_.decide(view_));
    RETURN_IF_ERROR(CheckLimits(decision));
    RETURN_IF_ERROR(CheckExpected(decision.checks, view_));
    if (decision.events.empty()) return PreparedAppend();
    for (NewEvent& event : decision.events) RETURN_IF_ERROR(PlaceEvent(std::move(event)));
    for (const NewName& name : decision.names) RETURN_IF_ERROR(GiveName(name));
    for (const NewReference& reference : decision.references) RETURN_IF_ERROR(Refer(reference));
    const RequestMark mark{digest, view_.next_position(),
                           static_cast<uint32_t>(prepared_.events.size())};
    prepared_.marks.insert_or_assign(std::move(request_mark_key), EncodeMark(mark));
    return std::move(prepared_);
  }

 private:
  absl::Status CheckLimits(const Decision& decision) const {
    const size_t limit = context_.limits.max_events_per_append;
    if (decision.events.size() > limit || decision.checks.size() > limit ||
        decision.names.size() > limit || decision.references.size() > limit) {
      return absl::InvalidArgumentError(
          StrCat("an append has at most ", limit, " events, checks, names and references"));
    }
    return absl::OkStatus();
  }

  absl::Status TooLarge() const {
    return absl::InvalidArgumentError(
        StrCat("an event is larger than ", context_.limits.max_event_bytes, " bytes"));
  }

  // Head of the stream after the events placed so far.
  absl::StatusOr<StreamHead> Head(const StreamId& stream) {
    if (const auto placed = heads_.find(stream); placed != heads_.end()) return placed->second;
    return view_.Head(stream);
  }

  absl::StatusOr<RecordedEvent> Record(NewEvent&& from) {
    ASSIGN_OR_RETURN(const StreamHead head, Head(from.stream));
    RecordedEvent event;
    event.event_id = from.event_id;
    event.stream = from.stream;
    event.revision = head.revision + 1;
    event.position = view_.next_position() + prepared_.events.size();
    event.occurred_at = from.occurred_at;
    event.occurred_precision = from.occurred_precision;
    event.recorded_at = view_.recorded_at();
    event.schema_version = from.schema_version;
    event.fact_type = from.fact_type;
    event.fact = std::move(from.fact);
    event.origin = request_.origin;
    // As in the request's mark, so that the mark can be checked against its events.
    event.origin.agency = request_.key.agency;
    event.origin.request_id = request_.key.request_id;
    event.data_quality = std::move(from.data_quality);
    event.previous_leaf_hash = head.leaf_hash;
    return event;
  }

  absl::Status PlaceEvent(NewEvent&& from) {
    if (from.event_id.is_nil() || from.stream.id.is_nil()) {
      return absl::InvalidArgumentError("an event lacks its id or its stream's id");
    }
    if (from.fact.size() > context_.limits.max_event_bytes) return TooLarge();
    ASSIGN_OR_RETURN(RecordedEvent event, Record(std::move(from)));
    // From here on nothing of the event is in the clear: not in the record, not in memory.
    RETURN_IF_ERROR(context_.sealer->Seal(context_.ledger, event));
    ASSIGN_OR_RETURN(std::string record, EncodeRecord(context_.ledger, event));
    if (record.size() > context_.limits.max_event_bytes) return TooLarge();
    event.leaf_hash = HashLeaf(context_.ledger, event, record);
    heads_[event.stream] = {event.revision, event.position, event.leaf_hash};
    prepared_.stored_bytes += record.size();
    prepared_.records.push_back(std::move(record));
    prepared_.events.push_back(std::move(event));
    return absl::OkStatus();
  }

  // Once for each pair: a record that names another again says nothing new.
  absl::Status Refer(const NewReference& reference) {
    std::string key = MarkKeys::Reference(reference.to, reference.from);
    ASSIGN_OR_RETURN(const std::optional<std::string> known, view_.FindMark(key));
    if (!known.has_value()) prepared_.marks.try_emplace(std::move(key));
    return absl::OkStatus();
  }

  absl::Status GiveName(const NewName& name) {
    ASSIGN_OR_RETURN(const StreamHead head, Head(name.stream));
    if (head.revision == 0) return absl::InvalidArgumentError("a name is for an absent record");
    const auto find = [this](std::string_view key) -> absl::StatusOr<std::optional<std::string>> {
      if (const auto given = prepared_.marks.find(ToAbsl(key)); given != prepared_.marks.end()) {
        return given->second;
      }
      return view_.FindMark(key);
    };
    return TakeName(name, find, prepared_.marks);
  }

  BatchView& view_;
  const AppendRequest& request_;
  const BatchContext& context_;
  absl::flat_hash_map<StreamId, StreamHead> heads_;  // of the streams written so far
  PreparedAppend prepared_;
};

class BatchResolver {
 public:
  BatchResolver(HeadView& view, const BatchContext& context, const RecentEvents& recent, Micros now)
      : view_(view, context.ledger, *context.upgrades, recent, now, context.shared),
        base_position_(view.head().next_position),
        context_(context) {}

  // Nullopt: the append does not fit into this batch any more.
  std::optional<Outcome> Add(const AppendRequest& request) {
    const bool after_events = !view_.empty();
    absl::StatusOr<std::optional<Outcome>> added = TryAdd(request);
    if (added.ok() && !added->has_value()) return std::nullopt;
    Outcome outcome;
    if (added.ok()) {
      outcome = **std::move(added);
    } else {
      outcome.status = added.status();
    }
    outcome.rests_on_commit = after_events || outcome.count > 0;
    return outcome;
  }

  ResolvedBatch Finish(std::vector<Outcome> outcomes, EngineBatch& batch) {
    batch = view_.TakeBatch();
    ResolvedBatch resolved;
    resolved.first_position = base_position_;
    resolved.head = batch.head;
    resolved.outcomes = std::move(outcomes);
    resolved.stored_bytes = view_.stored_bytes();
    resolved.events = view_.TakeEvents();
    resolved.asked = view_.TakeAsked();
    return resolved;
  }

 private:
  // An error refuses the append.
  absl::StatusOr<std::optional<Outcome>> TryAdd(const AppendRequest& request) {
    ASSIGN_OR_RETURN(std::string key,
                     MarkKeys::Request(request.key.agency, request.key.request_id));
    const Hash256 digest = HmacSha256(context_.digest_key, {request.content});
    ASSIGN_OR_RETURN(const std::optional<std::string> seen, view_.FindMark(key));
    if (seen.has_value()) return AnswerAgain(*seen, digest, request);

    AppendPreparer preparer(view_, request, context_);
    ASSIGN_OR_RETURN(PreparedAppend prepared, preparer.Prepare(std::move(key), digest));
    const size_t bytes = view_.stored_bytes() + prepared.stored_bytes;
    if (!view_.empty() && bytes > context_.limits.max_batch_bytes) return std::nullopt;
    Outcome outcome;
    outcome.first = static_cast<size_t>(view_.next_position() - base_position_);
    outcome.count = prepared.events.size();
    view_.Add(std::move(prepared));
    return outcome;
  }

  absl::StatusOr<std::optional<Outcome>> AnswerAgain(std::string_view mark_bytes,
                                                     const Hash256& digest,
                                                     const AppendRequest& request) {
    if (request.may_hear_again) RETURN_IF_ERROR(request.may_hear_again(view_));
    ASSIGN_OR_RETURN(const RequestMark mark, DecodeRequestMark(mark_bytes));
    if (mark.digest != digest) {
      return absl::AlreadyExistsError(
          "REQUEST_ID_REUSED: the request id was used with other content");
    }
    Outcome outcome;
    outcome.already_appended = true;
    if (mark.first_position >= base_position_) {
      outcome.first = static_cast<size_t>(mark.first_position - base_position_);
      outcome.count = mark.event_count;
    } else {
      ASSIGN_OR_RETURN(outcome.recorded,
                       view_.ReadCommittedEvents(mark.first_position, mark.event_count));
    }
    return outcome;
  }

  BatchView view_;
  const uint64_t base_position_;
  const BatchContext& context_;
};

}  // namespace

ResolvedBatch ResolveBatch(HeadView& view, const std::vector<const AppendRequest*>& appends,
                           const BatchContext& context, const RecentEvents& recent, Micros now,
                           EngineBatch& batch) {
  BatchResolver resolver(view, context, recent, now);
  std::vector<Outcome> outcomes;
  outcomes.reserve(appends.size());
  for (const AppendRequest* append : appends) {
    std::optional<Outcome> outcome = resolver.Add(*append);
    if (!outcome.has_value()) break;
    outcomes.push_back(*std::move(outcome));
  }
  return resolver.Finish(std::move(outcomes), batch);
}

}  // namespace caseledger::eventstore
