// The leaf of the ledger's Merkle tree: a small commitment to one stored event. Bytes: FORMAT.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/uuid.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

inline constexpr uint8_t kLeafFormatVersion = 1;

// What a leaf commits to.
struct LeafFields {
  std::string_view ledger;  // at most 65,535 bytes; names are far shorter
  uint64_t position = 0;
  StreamId stream;
  uint64_t revision = 0;
  Uuid event_id;
  uint32_t fact_type = 0;
  Micros recorded_at = 0;
  Hash256 record_hash;         // SHA-256 of the stored record's bytes, as they stand
  Hash256 previous_leaf_hash;  // of the stream's event before; zero for revision 1
};

// The leaf's `entry`. Different fields give different bytes.
std::string EncodeLeafEntry(const LeafFields& fields);

// What an entry commits to; the same bytes come out of EncodeLeafEntry again. `ledger` points into
// `entry`. INVALID_ARGUMENT: not an entry of this format version.
absl::StatusOr<LeafFields> DecodeLeafEntry(std::string_view entry);

// Of `event` (all but `leaf_hash` set) whose stored bytes are `record`. Points into `ledger`.
LeafFields FieldsOfLeaf(std::string_view ledger, const RecordedEvent& event,
                        std::string_view record);

// SHA256(0x00 || entry), as in RFC 6962.
Hash256 HashLeafEntry(std::string_view entry);

// The leaf hash of `event` (all but `leaf_hash` set) whose stored bytes are `record`.
Hash256 HashLeaf(std::string_view ledger, const RecordedEvent& event, std::string_view record);

}  // namespace caseledger::eventstore
