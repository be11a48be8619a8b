#include "services/rpc/recorded_event.h"

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/fact_schema.h"
#include "services/commands/times.h"

namespace caseledger::rpc {
namespace {

std::string UuidText(const Uuid& id) { return id.is_nil() ? "" : id.ToString(); }

}  // namespace

absl::StatusOr<v1::RecordedEvent> ToPublicEvent(const eventstore::RecordedEvent& event,
                                                std::string_view ledger) {
  v1::RecordedEvent out;
  if (!out.mutable_fact()->ParseFromString(event.fact)) {
    return absl::DataLossError(StrCat("DATA_LOSS: the fact at position ", event.position,
                                      " cannot be read; verify the log"));
  }
  out.set_event_id(event.event_id.ToString());
  out.set_ledger(std::string(ledger));
  out.set_record_kind(static_cast<options::v1::RecordKind>(event.stream.kind));
  out.set_record_id(event.stream.id.ToString());
  out.set_revision(event.revision);
  out.set_position(event.position);
  *out.mutable_occurred_time() = commands::ToTimestamp(event.occurred_at);
  out.set_occurred_precision(static_cast<event::v1::TimePrecision>(event.occurred_precision));
  *out.mutable_recorded_time() = commands::ToTimestamp(event.recorded_at);
  out.set_actor(event.origin.actor);
  out.set_agency(event.origin.agency);
  out.set_on_behalf_of(event.origin.on_behalf_of);
  out.set_schema_version(event.schema_version);
  out.set_purpose(event.origin.purpose);
  out.set_legal_basis(event.origin.legal_basis);
  out.set_correlation_id(UuidText(event.origin.correlation_id));
  out.set_causation_id(UuidText(event.origin.causation_id));
  out.set_traceparent(event.origin.traceparent);
  out.set_request_id(UuidText(event.origin.request_id));
  out.set_source_file(event.origin.source_file);
  out.set_source_row(event.origin.source_row);
  for (const std::string& item : event.data_quality) out.add_data_quality(item);
  out.set_fact_name(std::string(commands::FactName(event.fact_type)));
  return out;
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
