#include "eventstore/codec/record.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/codec/utf8.h"

namespace caseledger::eventstore {
namespace {

using storage::v1::StoredRecord;

// Nil stands for "none" and is stored as no bytes.
std::string_view OptionalBytes(const Uuid& id) {
  return id.is_nil() ? std::string_view() : id.raw();
}

bool HasValidText(const RecordedEvent& event) {
  const EventOrigin& origin = event.origin;
  return IsUtf8(origin.actor) && IsUtf8(origin.agency) && IsUtf8(origin.on_behalf_of) &&
         IsUtf8(origin.purpose) && IsUtf8(origin.legal_basis) && IsUtf8(origin.traceparent) &&
         IsUtf8(origin.source_file) && IsUtf8(origin.source_row) &&
         std::all_of(event.data_quality.begin(), event.data_quality.end(), IsUtf8);
}

void SetOrigin(const EventOrigin& origin, StoredRecord& record) {
  record.set_actor(origin.actor);
  record.set_agency(origin.agency);
  record.set_on_behalf_of(origin.on_behalf_of);
  record.set_purpose(origin.purpose);
  record.set_legal_basis(origin.legal_basis);
  record.set_correlation_id(std::string(OptionalBytes(origin.correlation_id)));
  record.set_causation_id(std::string(OptionalBytes(origin.causation_id)));
  record.set_traceparent(origin.traceparent);
  record.set_request_id(std::string(OptionalBytes(origin.request_id)));
  record.set_source_file(origin.source_file);
  record.set_source_row(origin.source_row);
}

absl::Status Damaged(const StoredEvent& stored, std::string_view what) {
  return absl::DataLossError(
      StrCat("the record at position ", stored.position, " is damaged: ", what));
}

// Reads UUIDs and remembers whether one was neither 16 bytes nor, where allowed, empty.
class UuidReader {
 public:
  Uuid Required(std::string_view raw) {
    const std::optional<Uuid> id = Uuid::FromBytes(raw);
    ok_ = ok_ && id.has_value();
    return id.value_or(Uuid{});
  }
  Uuid Optional(std::string_view raw) { return raw.empty() ? Uuid{} : Required(raw); }
  bool ok() const { return ok_; }

 private:
  bool ok_ = true;
};

EventOrigin TakeOrigin(StoredRecord& record, UuidReader& uuids) {
  EventOrigin origin;
  origin.actor = std::move(*record.mutable_actor());
  origin.agency = std::move(*record.mutable_agency());
  origin.on_behalf_of = std::move(*record.mutable_on_behalf_of());
  origin.purpose = std::move(*record.mutable_purpose());
  origin.legal_basis = std::move(*record.mutable_legal_basis());
  origin.correlation_id = uuids.Optional(record.correlation_id());
  origin.causation_id = uuids.Optional(record.causation_id());
  origin.traceparent = std::move(*record.mutable_traceparent());
  origin.request_id = uuids.Optional(record.request_id());
  origin.source_file = std::move(*record.mutable_source_file());
  origin.source_row = std::move(*record.mutable_source_row());
  return origin;
}

// Nullopt unless `raw` is 32 bytes, or empty for the first revision.
std::optional<Hash256> PreviousLeafHash(std::string_view raw, uint64_t revision) {
  Hash256 hash;
  if (raw.empty() && revision == 1) return hash;
  if (raw.size() != hash.bytes.size() || revision == 1) return std::nullopt;
  std::copy(raw.begin(), raw.end(), hash.bytes.begin());
  return hash;
}

// Everything of the event but `leaf_hash`.
absl::StatusOr<RecordedEvent> TakeEvent(StoredRecord& record, const StoredEvent& stored) {
  UuidReader uuids;
  RecordedEvent event;
  event.event_id = uuids.Required(record.event_id());
  event.stream = {record.stream_kind(), uuids.Required(record.stream_id())};
  event.revision = record.revision();
  event.position = record.position();
  event.occurred_at = record.occurred_at_us();
  event.occurred_precision = record.occurred_precision();
  event.recorded_at = record.recorded_at_us();
  event.schema_version = record.schema_version();
  event.fact_type = record.fact_type();
  event.fact = std::move(*record.mutable_fact());
  event.origin = TakeOrigin(record, uuids);
  event.data_quality.assign(std::make_move_iterator(record.mutable_data_quality()->begin()),
                            std::make_move_iterator(record.mutable_data_quality()->end()));
  if (!uuids.ok()) return Damaged(stored, "an id is not 16 bytes");
  if (event.revision == 0) return Damaged(stored, "revisions count from 1");
  const auto previous = PreviousLeafHash(record.previous_leaf_hash(), event.revision);
  if (!previous.has_value()) return Damaged(stored, "the previous leaf hash is not 32 bytes");
  event.previous_leaf_hash = *previous;
  return event;
}

}  // namespace

absl::StatusOr<std::string> EncodeRecord(std::string_view ledger, const RecordedEvent& event) {
  if (!HasValidText(event)) {
    return absl::InvalidArgumentError("a text of the event's envelope is not UTF-8");
  }
  StoredRecord record;
  record.set_format_version(kRecordFormatVersion);
  record.set_event_id(std::string(event.event_id.raw()));
  record.set_ledger(std::string(ledger));
  record.set_stream_kind(event.stream.kind);
  record.set_stream_id(std::string(event.stream.id.raw()));
  record.set_revision(event.revision);
  record.set_position(event.position);
  record.set_occurred_at_us(event.occurred_at);
  record.set_occurred_precision(event.occurred_precision);
  record.set_recorded_at_us(event.recorded_at);
  record.set_schema_version(event.schema_version);
  record.set_fact_type(event.fact_type);
  record.set_fact(event.fact);
  SetOrigin(event.origin, record);
  for (const std::string& reason : event.data_quality) record.add_data_quality(reason);
  if (event.revision > 1) {
    record.set_previous_leaf_hash(std::string(event.previous_leaf_hash.raw()));
  }
  return record.SerializeAsString();
}

absl::StatusOr<RecordedEvent> DecodeEvent(std::string_view ledger, const StoredEvent& stored,
                                          const FactUpgrades& upgrades) {
  StoredRecord record;
  if (!record.ParseFromString(stored.record) || record.format_version() == 0) {
    return Damaged(stored, "not a record");
  }
  if (record.format_version() != kRecordFormatVersion) {
    return absl::FailedPreconditionError(StrCat("the record at position ", stored.position,
                                                " has format version ", record.format_version(),
                                                ", this program knows ", kRecordFormatVersion));
  }
  if (record.ledger() != ledger) return Damaged(stored, "it is of another ledger");
  ASSIGN_OR_RETURN(RecordedEvent event, TakeEvent(record, stored));
  if (event.position != stored.position || event.revision != stored.revision ||
      event.stream != stored.stream) {
    return Damaged(stored, "it is of another place");
  }
  event.leaf_hash = HashLeaf(ledger, event, stored.record);
  if (event.leaf_hash != stored.leaf_hash) return Damaged(stored, "its leaf hash differs");
  RETURN_IF_ERROR(upgrades.Apply(event));
  return event;
}

}  // namespace caseledger::eventstore
