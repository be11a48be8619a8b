// Roots and proofs of a stored tree, read from its tiles.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/hash.h"
#include "eventstore/verifiable/merkle.h"
#include "eventstore/verifiable/tile.h"
#include "eventstore/verifiable/tree_edge.h"

namespace caseledger::eventstore {

// The hashes of a tile, exactly `width` many.
using ReadTile = std::function<absl::StatusOr<std::vector<Hash256>>(const TileId& tile)>;

// The tree as it was with `size` leaves. Remembers the tiles it has read; not thread-safe. All
// methods pass on the errors of `read`, and INVALID_ARGUMENT when a tile has a wrong width.
class TreeReader {
 public:
  TreeReader(uint64_t size, ReadTile read) : size_(size), read_(std::move(read)) {}

  uint64_t size() const { return size_; }

  absl::StatusOr<Hash256> Root();

  // PATH of RFC 6962, 2.1.1. OUT_OF_RANGE unless `index` is below the size.
  absl::StatusOr<MerkleProof> InclusionProof(uint64_t index);

  // PROOF of RFC 6962, 2.1.2; empty from 0 and from the size itself. OUT_OF_RANGE when `old_size`
  // is above the size.
  absl::StatusOr<MerkleProof> ConsistencyProof(uint64_t old_size);

  // Root over the first `size` leaves, which are no more than the tree has.
  absl::StatusOr<Hash256> RootAt(uint64_t size);

  // The right edge, to go on from here.
  absl::StatusOr<TreeEdge> Edge();

 private:
  // Of leaves [begin, end); `begin` is a multiple of the largest power of two not above the length.
  absl::StatusOr<Hash256> RangeRoot(uint64_t begin, uint64_t end);
  // Of the 2^height leaves from index * 2^height on.
  absl::StatusOr<Hash256> SubtreeRoot(unsigned height, uint64_t index);
  absl::StatusOr<const std::vector<Hash256>*> Read(unsigned level, uint64_t index);
  absl::Status AddConsistency(uint64_t old_size, uint64_t begin, uint64_t end, bool old_is_known,
                              MerkleProof& proof);

  const uint64_t size_;
  const ReadTile read_;
  std::map<TileId, std::vector<Hash256>> tiles_;
};

}  // namespace caseledger::eventstore
