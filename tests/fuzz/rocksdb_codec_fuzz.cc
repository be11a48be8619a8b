// Keys and values of the RocksDB engine: bytes decode to parts that encode to the same bytes, or
// not at all.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/engine/rocksdb/key_codec.h"
#include "eventstore/engine/rocksdb/value_codec.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

namespace codec = eventstore::rocksdb_engine;

std::string KeyOf(const codec::KeyParts& parts) {
  const codec::LedgerKeys keys(parts.ledger);
  switch (parts.space) {
    case codec::Space::kEvent:
      return keys.Event(parts.position);
    case codec::Space::kLedgerHead:
      return keys.Head();
    case codec::Space::kLedgerInfo:
      return keys.Info();
    case codec::Space::kMark:
      return keys.Mark(parts.mark);
    case codec::Space::kRevision:
      return keys.Revision(parts.stream, parts.revision);
    case codec::Space::kStreamHead:
      return keys.StreamHead(parts.stream);
    case codec::Space::kTile:
      return keys.Tile(parts.tile_level, parts.tile_index);
    case codec::Space::kSigningState:
      return keys.SigningState();
  }
  return "";
}

void CheckKey(std::string_view bytes) {
  const std::optional<codec::KeyParts> parts = codec::DecodeKey(bytes);
  if (parts.has_value()) Check(KeyOf(*parts) == bytes, "a key encodes as it was");
}

// Heads are messages: other bytes may say the same, but then always the same.
template <typename Decode, typename Encode>
void CheckHead(std::string_view bytes, Decode decode, Encode encode) {
  const auto head = decode(bytes);
  if (!head.has_value()) return;
  const std::string encoded = encode(*head);
  const auto again = decode(encoded);
  Check(again.has_value() && encode(*again) == encoded, "a head says the same again");
}

void CheckValue(std::string_view bytes) {
  if (const auto event = codec::DecodeEvent(7, bytes); event.has_value()) {
    Check(event->position == 7, "an event stands where its key says");
    Check(codec::EncodeEvent(*event) == bytes, "an event encodes as it was");
  }
  if (const auto position = codec::DecodePosition(bytes); position.has_value()) {
    Check(codec::EncodePosition(*position) == bytes, "a position encodes as it was");
  }
  CheckHead(bytes, codec::DecodeLedgerHead, codec::EncodeLedgerHead);
  CheckHead(bytes, codec::DecodeStreamHead, codec::EncodeStreamHead);
}

}  // namespace
}  // namespace caseledger::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  caseledger::fuzz::CheckKey(bytes);
  caseledger::fuzz::CheckValue(bytes);
  return 0;
}
