// Stored events: what decodes encodes to an event that decodes to the same, nothing decodes under
// another leaf hash or at another place, and damage has the codes the codec promises.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "caseledger/storage/v1/envelope.pb.h"
#include "eventstore/base/hash.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/codec/record.h"
#include "eventstore/codec/upgrades.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

using eventstore::RecordedEvent;
using eventstore::StoredEvent;

// The place the record claims, and the leaf hash an engine would have kept beside it.
StoredEvent KeptBeside(const storage::v1::StoredRecord& record, std::string_view bytes) {
  StoredEvent stored;
  stored.stream.kind = record.stream_kind();
  stored.stream.id = Uuid::FromBytes(record.stream_id()).value_or(Uuid{});
  stored.revision = record.revision();
  stored.position = record.position();
  stored.record = std::string(bytes);
  RecordedEvent event;
  event.stream = stored.stream;
  event.revision = stored.revision;
  event.position = stored.position;
  event.event_id = Uuid::FromBytes(record.event_id()).value_or(Uuid{});
  event.fact_type = record.fact_type();
  event.recorded_at = record.recorded_at_us();
  const std::string& previous = record.previous_leaf_hash();
  if (previous.size() == event.previous_leaf_hash.bytes.size()) {
    std::copy(previous.begin(), previous.end(), event.previous_leaf_hash.bytes.begin());
  }
  stored.leaf_hash = eventstore::HashLeaf(record.ledger(), event, bytes);
  return stored;
}

bool Same(const RecordedEvent& a, const RecordedEvent& b) {
  return a.event_id == b.event_id && a.stream == b.stream && a.revision == b.revision &&
         a.position == b.position && a.occurred_at == b.occurred_at &&
         a.occurred_precision == b.occurred_precision && a.recorded_at == b.recorded_at &&
         a.schema_version == b.schema_version && a.fact_type == b.fact_type && a.fact == b.fact &&
         a.data_quality == b.data_quality && a.previous_leaf_hash == b.previous_leaf_hash &&
         a.origin.actor == b.origin.actor && a.origin.agency == b.origin.agency &&
         a.origin.on_behalf_of == b.origin.on_behalf_of && a.origin.purpose == b.origin.purpose &&
         a.origin.legal_basis == b.origin.legal_basis &&
         a.origin.correlation_id == b.origin.correlation_id &&
         a.origin.causation_id == b.origin.causation_id &&
         a.origin.traceparent == b.origin.traceparent &&
         a.origin.request_id == b.origin.request_id &&
         a.origin.source_file == b.origin.source_file && a.origin.source_row == b.origin.source_row;
}

absl::Status Refused(std::string_view ledger, const StoredEvent& stored) {
  const auto event = eventstore::DecodeEvent(ledger, stored, {});
  Check(!event.ok(), "a record decodes nowhere but at its place and under its leaf hash");
  return event.status();
}

void CheckMisplaced(const std::string& ledger, const StoredEvent& stored) {
  StoredEvent moved = stored;
  ++moved.position;
  Check(absl::IsDataLoss(Refused(ledger, moved)), "another position is damage");
  moved = stored;
  ++moved.stream.kind;
  Check(absl::IsDataLoss(Refused(ledger, moved)), "another stream is damage");
  moved = stored;
  moved.leaf_hash.bytes[0] ^= 1;
  Check(absl::IsDataLoss(Refused(ledger, moved)), "another leaf hash is damage");
  Check(absl::IsDataLoss(Refused(ledger + "x", stored)), "another ledger is damage");
}

void CheckRoundTrip(const std::string& ledger, const StoredEvent& stored,
                    const RecordedEvent& event) {
  const auto encoded = eventstore::EncodeRecord(ledger, event);
  Check(encoded.ok(), "what was decoded can be encoded");
  StoredEvent again = stored;
  again.record = *encoded;
  again.leaf_hash = eventstore::HashLeaf(ledger, event, again.record);
  const auto decoded = eventstore::DecodeEvent(ledger, again, {});
  Check(decoded.ok() && Same(*decoded, event), "decoded, encoded and decoded again is the same");
}

}  // namespace
}  // namespace caseledger::fuzz

// The parser tells of every wrong text; a log of millions of them helps nobody.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  storage::v1::StoredRecord record;
  // The parsed part also of bytes that are no record, to come as far as the checks can.
  record.ParsePartialFromArray(data, static_cast<int>(size));
  const eventstore::StoredEvent stored = fuzz::KeptBeside(record, bytes);
  const auto event = eventstore::DecodeEvent(record.ledger(), stored, {});
  if (!event.ok()) {
    fuzz::Check(absl::IsDataLoss(event.status()) || absl::IsFailedPrecondition(event.status()),
                "a record is damaged or of a format from the future");
    return 0;
  }
  fuzz::Check(record.ParseFromArray(data, static_cast<int>(size)), "protobuf reads it, too");
  fuzz::Check(record.fact() == event->fact && record.actor() == event->origin.actor &&
                  record.occurred_at_us() == event->occurred_at &&
                  record.data_quality_size() == static_cast<int>(event->data_quality.size()),
              "and reads the same");
  fuzz::CheckRoundTrip(record.ledger(), stored, *event);
  fuzz::CheckMisplaced(record.ledger(), stored);
  return 0;
}
