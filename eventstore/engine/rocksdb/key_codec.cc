#include "eventstore/engine/rocksdb/key_codec.h"

#include <algorithm>
#include <cassert>

#include "eventstore/base/big_endian.h"
#include "eventstore/engine/ledger_rules.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

constexpr size_t kKindBytes = 4;
constexpr size_t kUuidBytes = 16;
constexpr size_t kStreamBytes = kKindBytes + kUuidBytes;
constexpr size_t kNumberBytes = 8;

void AppendStream(std::string& key, const StreamId& stream) {
  AppendBigEndian(key, stream.kind);
  key.append(stream.id.raw());
}

// `bytes` has kStreamBytes bytes.
StreamId ReadStream(std::string_view bytes) {
  return {ReadBigEndian<uint32_t>(bytes.substr(0, kKindBytes)),
          *Uuid::FromBytes(bytes.substr(kKindBytes, kUuidBytes))};
}

// Reads what the space adds after the ledger's name. False when it does not fit the space.
bool DecodeRest(std::string_view rest, KeyParts& parts) {
  switch (parts.space) {
    case Space::kLedgerInfo:
    case Space::kLedgerHead:
    case Space::kSigningState:
      return rest.empty();
    case Space::kEvent:
      if (rest.size() != kNumberBytes) return false;
      parts.position = ReadBigEndian<uint64_t>(rest);
      return true;
    case Space::kRevision:
      if (rest.size() != kStreamBytes + kNumberBytes) return false;
      parts.stream = ReadStream(rest.substr(0, kStreamBytes));
      parts.revision = ReadBigEndian<uint64_t>(rest.substr(kStreamBytes));
      return true;
    case Space::kStreamHead:
      if (rest.size() != kStreamBytes) return false;
      parts.stream = ReadStream(rest);
      return true;
    case Space::kMark:
      parts.mark = rest;
      return true;
    case Space::kTile:
      if (rest.size() != 1 + kNumberBytes) return false;
      parts.tile_level = static_cast<uint8_t>(rest[0]);
      parts.tile_index = ReadBigEndian<uint64_t>(rest.substr(1));
      return true;
  }
  return false;
}

}  // namespace

std::optional<KeyParts> DecodeKey(std::string_view key) {
  if (key.size() < 2) return std::nullopt;
  KeyParts parts;
  parts.space = static_cast<Space>(key[0]);
  if (std::find(kSpaces.begin(), kSpaces.end(), parts.space) == kSpaces.end()) return std::nullopt;
  const size_t name_bytes = static_cast<uint8_t>(key[1]);
  if (name_bytes == 0 || key.size() < 2 + name_bytes) return std::nullopt;
  parts.ledger = key.substr(2, name_bytes);
  if (!DecodeRest(key.substr(2 + name_bytes), parts)) return std::nullopt;
  return parts;
}

std::string LedgerInfoPrefix() { return {static_cast<char>(Space::kLedgerInfo)}; }

LedgerKeys::LedgerKeys(std::string_view ledger) {
  assert(!ledger.empty() && ledger.size() <= kMaxLedgerNameBytes);
  name_.push_back(static_cast<char>(static_cast<uint8_t>(ledger.size())));
  name_.append(ledger);
}

std::string LedgerKeys::Event(uint64_t position) const {
  std::string key = Prefix(Space::kEvent);
  AppendBigEndian(key, position);
  return key;
}

std::string LedgerKeys::Revision(const StreamId& stream, uint64_t revision) const {
  std::string key = Prefix(Space::kRevision);
  AppendStream(key, stream);
  AppendBigEndian(key, revision);
  return key;
}

std::string LedgerKeys::StreamHead(const StreamId& stream) const {
  std::string key = Prefix(Space::kStreamHead);
  AppendStream(key, stream);
  return key;
}

std::string LedgerKeys::Mark(std::string_view mark) const {
  std::string key = Prefix(Space::kMark);
  key.append(mark);
  return key;
}

std::string LedgerKeys::Tile(uint8_t level, uint64_t index) const {
  std::string key = Prefix(Space::kTile);
  AppendBigEndian(key, level);
  AppendBigEndian(key, index);
  return key;
}

std::string LedgerKeys::Prefix(Space space) const {
  std::string key;
  key.reserve(1 + name_.size() + kStreamBytes + kNumberBytes);
  key.push_back(static_cast<char>(space));
  key.append(name_);
  return key;
}

}  // namespace caseledger::eventstore::rocksdb_engine
