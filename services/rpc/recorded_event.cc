#include "services/rpc/recorded_event.h"

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/fact_schema.h"
#include "services/commands/times.h"

namespace caseledger::rpc {
namespace {

void SetTime(Micros time, google::protobuf::Timestamp& out) { out = commands::ToTimestamp(time); }

// Nil stands for none, and is no text.
template <typename Set>
void SetUuid(const Uuid& id, Set set) {
  if (id.is_nil()) return;
  const auto text = id.ToChars();
  set(text.data(), text.size());
}

// All but the fact.
void FillEnvelope(const eventstore::RecordedEvent& event, std::string_view ledger,
                  v1::RecordedEvent& out) {
  const eventstore::EventOrigin& origin = event.origin;
  SetUuid(event.event_id, [&](const char* text, size_t size) { out.set_event_id(text, size); });
  out.set_ledger(ledger.data(), ledger.size());
  out.set_record_kind(static_cast<options::v1::RecordKind>(event.stream.kind));
  SetUuid(event.stream.id, [&](const char* text, size_t size) { out.set_record_id(text, size); });
  out.set_revision(event.revision);
  out.set_position(event.position);
  SetTime(event.occurred_at, *out.mutable_occurred_time());
  out.set_occurred_precision(static_cast<event::v1::TimePrecision>(event.occurred_precision));
  SetTime(event.recorded_at, *out.mutable_recorded_time());
  out.set_actor(origin.actor);
  out.set_agency(origin.agency);
  out.set_on_behalf_of(origin.on_behalf_of);
  out.set_schema_version(event.schema_version);
  out.set_purpose(origin.purpose);
  out.set_legal_basis(origin.legal_basis);
  SetUuid(origin.correlation_id,
          [&](const char* text, size_t size) { out.set_correlation_id(text, size); });
  SetUuid(origin.causation_id,
          [&](const char* text, size_t size) { out.set_causation_id(text, size); });
  out.set_traceparent(origin.traceparent);
  SetUuid(origin.request_id,
          [&](const char* text, size_t size) { out.set_request_id(text, size); });
  out.set_source_file(origin.source_file);
  out.set_source_row(origin.source_row);
  for (const std::string& item : event.data_quality) out.add_data_quality(item);
  const std::string_view name = commands::FactName(event.fact_type);
  out.set_fact_name(name.data(), name.size());
}

}  // namespace

absl::StatusOr<v1::RecordedEvent> ToPublicEvent(const eventstore::RecordedEvent& event,
                                                std::string_view ledger) {
  v1::RecordedEvent out;
  if (!out.mutable_fact()->ParseFromString(event.fact)) {
    return absl::DataLossError(StrCat("DATA_LOSS: the fact at position ", event.position,
                                      " cannot be read; verify the log"));
  }
  FillEnvelope(event, ledger, out);
  return out;
}

void ToSentEvent(const eventstore::RecordedEvent& event, std::string_view ledger,
                 v1::RecordedEvent& out) {
  FillEnvelope(event, ledger, out);
  // On the wire a field that is not parsed looks as one that is.
  out.GetReflection()->MutableUnknownFields(&out)->AddLengthDelimited(
      v1::RecordedEvent::kFactFieldNumber, event.fact);
}

commands::RecordIndex IndexOf(const eventstore::EventLog& log) {
  return {[&log](uint32_t kind, std::string_view source, std::string_view value) {
            return log.FindName(kind, source, value);
          },
          [&log](const eventstore::StreamId& stream) -> absl::StatusOr<bool> {
            ASSIGN_OR_RETURN(const auto events, log.ReadStream(stream, 1, 1));
            return !events.empty();
          }};
}

absl::StatusOr<uint64_t> EventsAsOf(const eventstore::EventLog& log, const v1::AsOf& as_of) {
  const uint64_t all = log.Head().next_position;
  switch (static_cast<int>(as_of.point_case())) {
    case v1::AsOf::kPosition:
      if (as_of.position() >= all) {
        return absl::OutOfRangeError(StrCat("POSITION_PAST_END: the ledger has ", all,
                                            " events, the last at position ",
                                            all == 0 ? 0 : all - 1));
      }
      return as_of.position() + 1;
    case v1::AsOf::kRecordedTime:
      return log.CountRecordedUntil(commands::FromTimestamp(as_of.recorded_time()));
    default:
      return all;
  }
}

}  // namespace caseledger::rpc
