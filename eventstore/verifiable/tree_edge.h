// The right edge of a growing Merkle tree: all that is needed to go on and to know the root.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/hash.h"
#include "eventstore/verifiable/merkle.h"
#include "eventstore/verifiable/tile.h"

namespace caseledger::eventstore {

// The hashes of a tile's bytes. INVALID_ARGUMENT unless there are exactly `width`.
absl::StatusOr<std::vector<Hash256>> HashesOfTile(const TileId& id, std::string_view bytes);
std::string TileBytes(std::span<const Hash256> hashes);

// Invariant: level k holds the hashes of those perfect subtrees with 256^k leaves that are in no
// full tile yet, from left to right; always fewer than 256.
//
// Copyable: at most 64 KiB. Not thread-safe.
class TreeEdge {
 public:
  TreeEdge() = default;

  uint64_t size() const { return size_; }

  // Adds the next leaf. Tiles that are full with it are added to `full`, the lowest level first.
  void Append(const Hash256& leaf, std::vector<Tile>& full);

  // Of the whole tree.
  Hash256 Root() const;

  // The edge of a tree of `size` leaves. `partial` has for each level the hashes of the tree's
  // partial tile, that is HashesAtLevel(size, level) % 256. INVALID_ARGUMENT when it has others.
  static absl::StatusOr<TreeEdge> Restore(uint64_t size,
                                          std::array<std::vector<Hash256>, kMaxTileLevels> partial);

 private:
  uint64_t size_ = 0;
  std::array<std::vector<Hash256>, kMaxTileLevels> levels_;
};

}  // namespace caseledger::eventstore
