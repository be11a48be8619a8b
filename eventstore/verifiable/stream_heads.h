// The newest event of every stream, as one hash: a sparse Merkle tree that HEADS.md defines. With
// an event that commits to its root, nobody can leave out the newest events of a record unseen.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/hash.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

// How far a stream goes: its newest revision and that event's leaf hash.
struct CommittedHead {
  Hash256 key;  // HeadKey of the stream
  uint64_t revision = 0;
  Hash256 leaf_hash;

  friend bool operator==(const CommittedHead&, const CommittedHead&) = default;
};

// SHA256(kind (4 bytes, big endian) || UUID): where the stream stands in the tree.
Hash256 HeadKey(const StreamId& stream);

// The bit of a key at `depth`, 0 to 255; the most significant bit of the first byte is at 0.
bool HeadKeyBit(const Hash256& key, unsigned depth);

// SHA256(0x02 || key || revision (8 bytes, big endian) || leaf hash).
Hash256 HashHead(const CommittedHead& head);
// SHA256(0x03 || left || right).
Hash256 HashHeadSides(const Hash256& left, const Hash256& right);

// Hashes of the other sides, from the head's to the root's; an empty side is 32 zero bytes.
using HeadProof = std::vector<Hash256>;

// OK when the tree with this root says that its stream goes as far as `head` and no further.
// INVALID_ARGUMENT: says what does not fit.
absl::Status VerifyHead(const CommittedHead& head, const HeadProof& proof, const Hash256& root);

}  // namespace caseledger::eventstore
