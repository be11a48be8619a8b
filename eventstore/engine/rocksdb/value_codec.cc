#include "eventstore/engine/rocksdb/value_codec.h"

#include <cstring>

#include "caseledger/storage/v1/envelope.pb.h"
#include "eventstore/base/big_endian.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

constexpr size_t kUuidAt = 4;
constexpr size_t kRevisionAt = kUuidAt + 16;
constexpr size_t kLeafHashAt = kRevisionAt + 8;
constexpr size_t kRecordAt = kLeafHashAt + 32;

std::optional<Hash256> ReadHash(std::string_view bytes) {
  Hash256 hash;
  if (bytes.size() != hash.bytes.size()) return std::nullopt;
  std::memcpy(hash.bytes.data(), bytes.data(), bytes.size());
  return hash;
}

template <typename Message>
bool Parse(std::string_view value, Message& message) {
  return message.ParseFromArray(value.data(), static_cast<int>(value.size()));
}

}  // namespace

std::string EncodeEvent(const StoredEvent& event) {
  std::string value;
  value.reserve(kRecordAt + event.record.size());
  AppendBigEndian(value, event.stream.kind);
  value.append(event.stream.id.raw());
  AppendBigEndian(value, event.revision);
  value.append(event.leaf_hash.raw());
  value.append(event.record);
  return value;
}

bool DecodeEvent(uint64_t position, std::string_view value, StoredEvent& event) {
  if (value.size() < kRecordAt) return false;
  event.position = position;
  event.stream.kind = ReadBigEndian<uint32_t>(value.substr(0, kUuidAt));
  event.stream.id = *Uuid::FromBytes(value.substr(kUuidAt, kRevisionAt - kUuidAt));
  event.revision = ReadBigEndian<uint64_t>(value.substr(kRevisionAt, kLeafHashAt - kRevisionAt));
  event.leaf_hash = *ReadHash(value.substr(kLeafHashAt, kRecordAt - kLeafHashAt));
  event.record = value.substr(kRecordAt);
  return true;
}

std::optional<StoredEvent> DecodeEvent(uint64_t position, std::string_view value) {
  StoredEvent event;
  if (!DecodeEvent(position, value, event)) return std::nullopt;
  return event;
}

std::string EncodePosition(uint64_t position) {
  std::string value;
  AppendBigEndian(value, position);
  return value;
}

std::optional<uint64_t> DecodePosition(std::string_view value) {
  if (value.size() != sizeof(uint64_t)) return std::nullopt;
  return ReadBigEndian<uint64_t>(value);
}

std::string EncodeLedgerHead(const LedgerHead& head) {
  storage::v1::LedgerHead message;
  message.set_next_position(head.next_position);
  message.set_last_recorded_at_us(head.last_recorded_at);
  message.set_last_leaf_hash(std::string(head.last_leaf_hash.raw()));
  return message.SerializeAsString();
}

std::optional<LedgerHead> DecodeLedgerHead(std::string_view value) {
  storage::v1::LedgerHead message;
  if (!Parse(value, message)) return std::nullopt;
  const std::optional<Hash256> hash = ReadHash(message.last_leaf_hash());
  if (!hash) return std::nullopt;
  return LedgerHead{message.next_position(), message.last_recorded_at_us(), *hash};
}

std::string EncodeStreamHead(const StreamHead& head) {
  storage::v1::StreamHead message;
  message.set_revision(head.revision);
  message.set_position(head.position);
  message.set_leaf_hash(std::string(head.leaf_hash.raw()));
  return message.SerializeAsString();
}

std::optional<StreamHead> DecodeStreamHead(std::string_view value) {
  storage::v1::StreamHead message;
  if (!Parse(value, message)) return std::nullopt;
  const std::optional<Hash256> hash = ReadHash(message.leaf_hash());
  if (!hash || message.revision() == 0) return std::nullopt;
  return StreamHead{message.revision(), message.position(), *hash};
}

}  // namespace caseledger::eventstore::rocksdb_engine
