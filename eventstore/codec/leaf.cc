#include "eventstore/codec/leaf.h"

#include <algorithm>
#include <array>

#include "eventstore/base/big_endian.h"

namespace caseledger::eventstore {
namespace {

// Of all fields but version and name.
constexpr size_t kFixedBytes = 8 + 4 + 16 + 8 + 16 + 4 + 8 + 32 + 32;

template <typename T>
T TakeNumber(std::string_view& rest) {
  const T value = ReadBigEndian<T>(rest);
  rest.remove_prefix(sizeof(T));
  return value;
}

template <size_t kBytes>
void TakeBytes(std::string_view& rest, std::array<uint8_t, kBytes>& bytes) {
  std::copy_n(rest.begin(), kBytes, bytes.begin());
  rest.remove_prefix(kBytes);
}

}  // namespace

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

absl::StatusOr<LeafFields> DecodeLeafEntry(std::string_view entry) {
  const auto wrong = [] { return absl::InvalidArgumentError("not the entry of a leaf"); };
  constexpr size_t kNameAt = sizeof(kLeafFormatVersion) + sizeof(uint16_t);
  if (entry.size() < kNameAt || static_cast<uint8_t>(entry[0]) != kLeafFormatVersion) {
    return wrong();
  }
  const size_t name_bytes = ReadBigEndian<uint16_t>(entry.substr(sizeof(kLeafFormatVersion)));
  if (entry.size() != kNameAt + name_bytes + kFixedBytes) return wrong();
  LeafFields fields;
  fields.ledger = entry.substr(kNameAt, name_bytes);
  std::string_view rest = entry.substr(kNameAt + name_bytes);
  fields.position = TakeNumber<uint64_t>(rest);
  fields.stream.kind = TakeNumber<uint32_t>(rest);
  TakeBytes(rest, fields.stream.id.bytes);
  fields.revision = TakeNumber<uint64_t>(rest);
  TakeBytes(rest, fields.event_id.bytes);
  fields.fact_type = TakeNumber<uint32_t>(rest);
  fields.recorded_at = static_cast<Micros>(TakeNumber<uint64_t>(rest));
  TakeBytes(rest, fields.record_hash.bytes);
  TakeBytes(rest, fields.previous_leaf_hash.bytes);
  return fields;
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
