#include "eventstore/codec/leaf.h"

#include "eventstore/base/big_endian.h"

namespace caseledger::eventstore {

std::string EncodeLeafEntry(const LeafFields& fields) {
  std::string entry;
  entry.reserve(192);
  entry.push_back(static_cast<char>(kLeafFormatVersion));
  AppendLengthPrefixed(entry, fields.ledger);
  AppendBigEndian(entry, fields.position);
  AppendBigEndian(entry, fields.stream.kind);
  entry.append(fields.stream.id.raw());
  AppendBigEndian(entry, fields.revision);
  entry.append(fields.event_id.raw());
  AppendBigEndian(entry, fields.fact_type);
  AppendBigEndian(entry, static_cast<uint64_t>(fields.recorded_at));
  entry.append(fields.record_hash.raw());
  entry.append(fields.previous_leaf_hash.raw());
  return entry;
}

Hash256 HashLeafEntry(std::string_view entry) { return Sha256({std::string_view("\0", 1), entry}); }

LeafFields FieldsOfLeaf(std::string_view ledger, const RecordedEvent& event,
                        std::string_view record) {
  LeafFields fields;
  fields.ledger = ledger;
  fields.position = event.position;
  fields.stream = event.stream;
  fields.revision = event.revision;
  fields.event_id = event.event_id;
  fields.fact_type = event.fact_type;
  fields.recorded_at = event.recorded_at;
  fields.record_hash = Sha256({record});
  fields.previous_leaf_hash = event.previous_leaf_hash;
  return fields;
}

Hash256 HashLeaf(std::string_view ledger, const RecordedEvent& event, std::string_view record) {
  return HashLeafEntry(EncodeLeafEntry(FieldsOfLeaf(ledger, event, record)));
}

}  // namespace caseledger::eventstore
