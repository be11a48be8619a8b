#include "services/rpc/recorded_event.h"

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/base/wire.h"
#include "eventstore/sealing/sealed_fact.h"
#include "eventstore/vault/no_keys.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/unknown_field_set.h"
#include "services/commands/fact_schema.h"
#include "services/commands/times.h"

namespace caseledger::rpc {
namespace {

// Roughly the bytes of a public envelope; only to grow a message once.
constexpr size_t kEnvelopeBytes = 512;

// Nil stands for none, and is no text.
void AppendUuid(WireWriter& out, uint32_t field, const Uuid& id) {
  if (id.is_nil()) return;
  const auto text = id.ToChars();
  out.Element(field, {text.data(), text.size()});
}

void AppendTime(WireWriter& out, uint32_t field, Micros time) {
  const google::protobuf::Timestamp timestamp = commands::ToTimestamp(time);
  std::string bytes;  // at most 22: no memory is asked for
  WireWriter inner(bytes);
  inner.Signed(google::protobuf::Timestamp::kSecondsFieldNumber, timestamp.seconds());
  inner.Signed(google::protobuf::Timestamp::kNanosFieldNumber, timestamp.nanos());
  out.Element(field, bytes);
}

// The event as a serialised v1.RecordedEvent, fields in the order of their numbers.
void AppendSentEvent(const eventstore::RecordedEvent& event, std::string_view ledger,
                     std::string& bytes) {
  using Public = v1::RecordedEvent;
  const eventstore::EventOrigin& origin = event.origin;
  WireWriter out(bytes);
  AppendUuid(out, Public::kEventIdFieldNumber, event.event_id);
  out.Bytes(Public::kLedgerFieldNumber, ledger);
  out.Number(Public::kRecordKindFieldNumber, event.stream.kind);
  AppendUuid(out, Public::kRecordIdFieldNumber, event.stream.id);
  out.Number(Public::kRevisionFieldNumber, event.revision);
  out.Number(Public::kPositionFieldNumber, event.position);
  AppendTime(out, Public::kOccurredTimeFieldNumber, event.occurred_at);
  out.Number(Public::kOccurredPrecisionFieldNumber, event.occurred_precision);
  AppendTime(out, Public::kRecordedTimeFieldNumber, event.recorded_at);
  out.Bytes(Public::kActorFieldNumber, origin.actor);
  out.Bytes(Public::kAgencyFieldNumber, origin.agency);
  out.Bytes(Public::kOnBehalfOfFieldNumber, origin.on_behalf_of);
  out.Number(Public::kSchemaVersionFieldNumber, event.schema_version);
  out.Bytes(Public::kPurposeFieldNumber, origin.purpose);
  out.Bytes(Public::kLegalBasisFieldNumber, origin.legal_basis);
  AppendUuid(out, Public::kCorrelationIdFieldNumber, origin.correlation_id);
  AppendUuid(out, Public::kCausationIdFieldNumber, origin.causation_id);
  out.Bytes(Public::kTraceparentFieldNumber, origin.traceparent);
  AppendUuid(out, Public::kRequestIdFieldNumber, origin.request_id);
  out.Bytes(Public::kSourceFileFieldNumber, origin.source_file);
  out.Bytes(Public::kSourceRowFieldNumber, origin.source_row);
  for (const std::string& item : event.data_quality) {
    out.Element(Public::kDataQualityFieldNumber, item);
  }
  out.Bytes(Public::kFactNameFieldNumber, commands::FactName(event.fact_type));
  out.Element(Public::kFactFieldNumber, event.fact);
}

}  // namespace

eventstore::DataKeys& KeysOf(const commands::LedgerParts& parts) {
  static eventstore::NoKeys none;
  return parts.keys == nullptr ? none : *parts.keys;
}

absl::StatusOr<std::string> OpenedFact(const eventstore::RecordedEvent& event,
                                       const commands::LedgerParts& parts) {
  absl::StatusOr<std::string> fact = eventstore::OpenFact(parts.name, event, KeysOf(parts));
  if (!absl::IsDataLoss(fact.status())) return fact;
  return absl::DataLossError(StrCat("DATA_LOSS: the fact at position ", event.position,
                                    " cannot be read; verify the log"));
}

absl::StatusOr<v1::RecordedEvent> ToPublicEvent(const eventstore::RecordedEvent& event,
                                                std::string_view ledger) {
  std::string bytes;
  bytes.reserve(kEnvelopeBytes + event.fact.size());
  AppendSentEvent(event, ledger, bytes);
  v1::RecordedEvent out;
  if (!out.ParseFromString(bytes)) {
    return absl::DataLossError(StrCat("DATA_LOSS: the fact at position ", event.position,
                                      " cannot be read; verify the log"));
  }
  return out;
}

void AddSentEvent(const eventstore::RecordedEvent& event, std::string_view ledger, int field,
                  google::protobuf::Message& response) {
  // On the wire a field that is not parsed looks as one that is.
  std::string& out =
      *response.GetReflection()->MutableUnknownFields(&response)->AddLengthDelimited(field);
  out.reserve(kEnvelopeBytes + event.fact.size());
  AppendSentEvent(event, ledger, out);
}

void AddPublicEvent(const v1::RecordedEvent& event, int field,
                    google::protobuf::Message& response) {
  event.AppendToString(
      response.GetReflection()->MutableUnknownFields(&response)->AddLengthDelimited(field));
}

commands::RecordIndex IndexOf(const eventstore::EventLog& log) {
  return {[&log](uint32_t kind, std::string_view source, std::string_view value) {
            return log.FindName(kind, source, value);
          },
          [&log](const eventstore::StreamId& stream) -> absl::StatusOr<bool> {
            ASSIGN_OR_RETURN(const eventstore::StreamHead head, log.FindStream(stream));
            return head.revision > 0;
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
