#include "eventstore/codec/record.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "caseledger/storage/v1/envelope.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/base/wire.h"
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

// Roughly the bytes of an envelope; only to grow a record once.
constexpr size_t kEnvelopeBytes = 512;

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

// Nullopt unless `raw` is 32 bytes, or empty for the first revision.
std::optional<Hash256> PreviousLeafHash(std::string_view raw, uint64_t revision) {
  Hash256 hash;
  if (raw.empty() && revision == 1) return hash;
  if (raw.size() != hash.bytes.size() || revision == 1) return std::nullopt;
  std::copy(raw.begin(), raw.end(), hash.bytes.begin());
  return hash;
}

// A record while it is read: what is not yet checked, and the event it becomes. The views are into
// the record.
class RecordParser {
 public:
  explicit RecordParser(RecordedEvent& event) : event_(event) {}

  // Takes every field apart; as in protobuf the last of a kind counts, and unknown ones are passed
  // over. False when these are not a record's bytes.
  bool Parse(std::string_view record) {
    WireReader reader(record);
    while (reader.Next()) Take(reader);
    return reader.ok() && texts_ok_ && format_version_ != 0;
  }

  uint32_t format_version() const { return format_version_; }
  std::string_view ledger() const { return ledger_; }

  // Checks ids and hashes and puts them into the event.
  absl::Status Finish(const StoredEvent& stored) {
    UuidReader uuids;
    event_.event_id = uuids.Required(event_id_);
    event_.stream.id = uuids.Required(stream_id_);
    event_.origin.correlation_id = uuids.Optional(correlation_id_);
    event_.origin.causation_id = uuids.Optional(causation_id_);
    event_.origin.request_id = uuids.Optional(request_id_);
    if (!uuids.ok()) return Damaged(stored, "an id is not 16 bytes");
    if (event_.revision == 0) return Damaged(stored, "revisions count from 1");
    const auto previous = PreviousLeafHash(previous_leaf_hash_, event_.revision);
    if (!previous.has_value()) return Damaged(stored, "the previous leaf hash is not 32 bytes");
    event_.previous_leaf_hash = *previous;
    return absl::OkStatus();
  }

 private:
  void Take(WireReader& reader) {
    EventOrigin& origin = event_.origin;
    switch (reader.field()) {
      case StoredRecord::kFormatVersionFieldNumber:
        format_version_ = Small(reader);
        break;
      case StoredRecord::kEventIdFieldNumber:
        event_id_ = reader.Bytes();
        break;
      case StoredRecord::kLedgerFieldNumber:
        ledger_ = Text(reader);
        break;
      case StoredRecord::kStreamKindFieldNumber:
        event_.stream.kind = Small(reader);
        break;
      case StoredRecord::kStreamIdFieldNumber:
        stream_id_ = reader.Bytes();
        break;
      case StoredRecord::kRevisionFieldNumber:
        event_.revision = reader.Number();
        break;
      case StoredRecord::kPositionFieldNumber:
        event_.position = reader.Number();
        break;
      case StoredRecord::kOccurredAtUsFieldNumber:
        event_.occurred_at = static_cast<Micros>(reader.Number());
        break;
      case StoredRecord::kOccurredPrecisionFieldNumber:
        event_.occurred_precision = Small(reader);
        break;
      case StoredRecord::kRecordedAtUsFieldNumber:
        event_.recorded_at = static_cast<Micros>(reader.Number());
        break;
      case StoredRecord::kActorFieldNumber:
        origin.actor = Text(reader);
        break;
      case StoredRecord::kAgencyFieldNumber:
        origin.agency = Text(reader);
        break;
      case StoredRecord::kOnBehalfOfFieldNumber:
        origin.on_behalf_of = Text(reader);
        break;
      case StoredRecord::kSchemaVersionFieldNumber:
        event_.schema_version = Small(reader);
        break;
      case StoredRecord::kPurposeFieldNumber:
        origin.purpose = Text(reader);
        break;
      case StoredRecord::kLegalBasisFieldNumber:
        origin.legal_basis = Text(reader);
        break;
      case StoredRecord::kCorrelationIdFieldNumber:
        correlation_id_ = reader.Bytes();
        break;
      case StoredRecord::kCausationIdFieldNumber:
        causation_id_ = reader.Bytes();
        break;
      case StoredRecord::kTraceparentFieldNumber:
        origin.traceparent = Text(reader);
        break;
      case StoredRecord::kRequestIdFieldNumber:
        request_id_ = reader.Bytes();
        break;
      case StoredRecord::kSourceFileFieldNumber:
        origin.source_file = Text(reader);
        break;
      case StoredRecord::kSourceRowFieldNumber:
        origin.source_row = Text(reader);
        break;
      case StoredRecord::kDataQualityFieldNumber:
        event_.data_quality.emplace_back(Text(reader));
        break;
      case StoredRecord::kFactTypeFieldNumber:
        event_.fact_type = Small(reader);
        break;
      case StoredRecord::kPreviousLeafHashFieldNumber:
        previous_leaf_hash_ = reader.Bytes();
        break;
      case StoredRecord::kFactFieldNumber:
        event_.fact = reader.Bytes();
        break;
      default:
        break;
    }
  }

  static uint32_t Small(WireReader& reader) { return static_cast<uint32_t>(reader.Number()); }
  std::string_view Text(WireReader& reader) {
    const std::string_view text = reader.Bytes();
    texts_ok_ = texts_ok_ && IsUtf8(text);
    return text;
  }

  RecordedEvent& event_;
  uint32_t format_version_ = 0;
  std::string_view ledger_;
  std::string_view event_id_;
  std::string_view stream_id_;
  std::string_view correlation_id_;
  std::string_view causation_id_;
  std::string_view request_id_;
  std::string_view previous_leaf_hash_;
  bool texts_ok_ = true;
};

}  // namespace

absl::StatusOr<std::string> EncodeRecord(std::string_view ledger, const RecordedEvent& event) {
  if (!HasValidText(event) || !IsUtf8(ledger)) {
    return absl::InvalidArgumentError("a text of the event's envelope is not UTF-8");
  }
  const EventOrigin& origin = event.origin;
  std::string record;
  record.reserve(kEnvelopeBytes + event.fact.size());
  WireWriter out(record);
  // In the order of their numbers, so that the bytes are protobuf's own.
  out.Number(StoredRecord::kFormatVersionFieldNumber, kRecordFormatVersion);
  out.Bytes(StoredRecord::kEventIdFieldNumber, event.event_id.raw());
  out.Bytes(StoredRecord::kLedgerFieldNumber, ledger);
  out.Number(StoredRecord::kStreamKindFieldNumber, event.stream.kind);
  out.Bytes(StoredRecord::kStreamIdFieldNumber, event.stream.id.raw());
  out.Number(StoredRecord::kRevisionFieldNumber, event.revision);
  out.Number(StoredRecord::kPositionFieldNumber, event.position);
  out.Signed(StoredRecord::kOccurredAtUsFieldNumber, event.occurred_at);
  out.Number(StoredRecord::kOccurredPrecisionFieldNumber, event.occurred_precision);
  out.Signed(StoredRecord::kRecordedAtUsFieldNumber, event.recorded_at);
  out.Bytes(StoredRecord::kActorFieldNumber, origin.actor);
  out.Bytes(StoredRecord::kAgencyFieldNumber, origin.agency);
  out.Bytes(StoredRecord::kOnBehalfOfFieldNumber, origin.on_behalf_of);
  out.Number(StoredRecord::kSchemaVersionFieldNumber, event.schema_version);
  out.Bytes(StoredRecord::kPurposeFieldNumber, origin.purpose);
  out.Bytes(StoredRecord::kLegalBasisFieldNumber, origin.legal_basis);
  out.Bytes(StoredRecord::kCorrelationIdFieldNumber, OptionalBytes(origin.correlation_id));
  out.Bytes(StoredRecord::kCausationIdFieldNumber, OptionalBytes(origin.causation_id));
  out.Bytes(StoredRecord::kTraceparentFieldNumber, origin.traceparent);
  out.Bytes(StoredRecord::kRequestIdFieldNumber, OptionalBytes(origin.request_id));
  out.Bytes(StoredRecord::kSourceFileFieldNumber, origin.source_file);
  out.Bytes(StoredRecord::kSourceRowFieldNumber, origin.source_row);
  for (const std::string& reason : event.data_quality) {
    out.Element(StoredRecord::kDataQualityFieldNumber, reason);
  }
  out.Number(StoredRecord::kFactTypeFieldNumber, event.fact_type);
  if (event.revision > 1) {
    out.Bytes(StoredRecord::kPreviousLeafHashFieldNumber, event.previous_leaf_hash.raw());
  }
  out.Bytes(StoredRecord::kFactFieldNumber, event.fact);
  return record;
}

absl::Status DecodeEvent(std::string_view ledger, const StoredEvent& stored,
                         const FactUpgrades& upgrades, RecordedEvent& event) {
  RecordParser record(event);
  if (!record.Parse(stored.record)) return Damaged(stored, "not a record");
  if (record.format_version() != kRecordFormatVersion) {
    return absl::FailedPreconditionError(StrCat("the record at position ", stored.position,
                                                " has format version ", record.format_version(),
                                                ", this program knows ", kRecordFormatVersion));
  }
  if (record.ledger() != ledger) return Damaged(stored, "it is of another ledger");
  RETURN_IF_ERROR(record.Finish(stored));
  if (event.position != stored.position || event.revision != stored.revision ||
      event.stream != stored.stream) {
    return Damaged(stored, "it is of another place");
  }
  event.leaf_hash = HashLeaf(ledger, event, stored.record);
  if (event.leaf_hash != stored.leaf_hash) return Damaged(stored, "its leaf hash differs");
  return upgrades.Apply(event);
}

absl::StatusOr<RecordedEvent> DecodeEvent(std::string_view ledger, const StoredEvent& stored,
                                          const FactUpgrades& upgrades) {
  RecordedEvent event;
  RETURN_IF_ERROR(DecodeEvent(ledger, stored, upgrades, event));
  return event;
}

}  // namespace caseledger::eventstore
