// The bytes of every key in the RocksDB engine. No other file builds or takes apart a key;
// FORMAT.md describes them with a worked example.
//
// Invariants
// 1. Every key is: space (1 byte), length of the ledger's name (1 byte), name, then what the space
//    adds. The length makes a ledger's keys a range of their own, also when one name begins
//    another.
// 2. Numbers are big endian: byte order is number order.
// 3. A key decodes to exactly the parts it was made of, or not at all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/event.h"

namespace caseledger::eventstore::rocksdb_engine {

// First byte of a key. Kept on disk for ever: never renumber, never re-use.
enum class Space : uint8_t {
  kEvent = 'E',         // + position (8)
  kLedgerHead = 'H',    // nothing more
  kLedgerInfo = 'I',    // nothing more
  kMark = 'M',          // + the mark's own key
  kRevision = 'R',      // + stream (20), revision (8)
  kStreamHead = 'S',    // + stream (20)
  kTile = 'T',          // + level (1), index (8)
  kSigningState = 'Z',  // nothing more
};

inline constexpr std::array kSpaces = {Space::kEvent, Space::kLedgerHead,  Space::kLedgerInfo,
                                       Space::kMark,  Space::kRevision,    Space::kStreamHead,
                                       Space::kTile,  Space::kSigningState};

constexpr bool AllSpacesDiffer() {
  for (size_t i = 0; i < kSpaces.size(); ++i) {
    for (size_t j = i + 1; j < kSpaces.size(); ++j) {
      if (kSpaces[i] == kSpaces[j]) return false;
    }
  }
  return true;
}
static_assert(AllSpacesDiffer(), "two spaces share a first byte, so their keys would mix");

// What a key says. Only the fields of its space are meaningful.
struct KeyParts {
  Space space = Space::kEvent;
  std::string_view ledger;  // points into the key
  uint64_t position = 0;
  StreamId stream;
  uint64_t revision = 0;
  std::string_view mark;  // points into the key
  uint8_t tile_level = 0;
  uint64_t tile_index = 0;
};

// Nullopt for bytes that no method of LedgerKeys makes.
std::optional<KeyParts> DecodeKey(std::string_view key);

// Every ledger's info key begins with this.
std::string LedgerInfoPrefix();

// Makes the keys of one ledger. Thread-safe.
class LedgerKeys {
 public:
  // The name has 1 to kMaxLedgerNameBytes bytes (ledger_rules.h).
  explicit LedgerKeys(std::string_view ledger);

  std::string Info() const { return Prefix(Space::kLedgerInfo); }
  std::string Head() const { return Prefix(Space::kLedgerHead); }
  std::string Event(uint64_t position) const;
  std::string Revision(const StreamId& stream, uint64_t revision) const;
  std::string StreamHead(const StreamId& stream) const;
  std::string Mark(std::string_view mark) const;
  std::string Tile(uint8_t level, uint64_t index) const;
  std::string SigningState() const { return Prefix(Space::kSigningState); }
  // What all keys of their kind begin with, and no others.
  std::string Revisions() const { return Prefix(Space::kRevision); }
  std::string StreamHeads() const { return Prefix(Space::kStreamHead); }
  std::string Tiles() const { return Prefix(Space::kTile); }

 private:
  std::string Prefix(Space space) const;

  std::string name_;  // length byte and name
};

}  // namespace caseledger::eventstore::rocksdb_engine
