#include "eventstore/verifiable/tree_edge.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {

absl::StatusOr<std::vector<Hash256>> HashesOfTile(const TileId& id, std::string_view bytes) {
  constexpr size_t kHashBytes = sizeof(Hash256::bytes);
  if (bytes.size() != id.width * kHashBytes) {
    return absl::InvalidArgumentError(
        StrCat(TilePath(id), " has ", bytes.size(), " bytes instead of ", id.width * kHashBytes));
  }
  std::vector<Hash256> hashes(id.width);
  for (size_t i = 0; i < hashes.size(); ++i) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * kHashBytes), kHashBytes,
                hashes[i].bytes.begin());
  }
  return hashes;
}

std::string TileBytes(std::span<const Hash256> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * sizeof(Hash256::bytes));
  for (const Hash256& hash : hashes) bytes.append(hash.raw());
  return bytes;
}

void TreeEdge::Append(const Hash256& leaf, std::vector<Tile>& full) {
  ++size_;
  Hash256 hash = leaf;
  for (unsigned level = 0; level < kMaxTileLevels; ++level) {
    std::vector<Hash256>& edge = levels_[level];
    if (edge.capacity() == 0) edge.reserve(kTileWidth);
    edge.push_back(hash);
    if (edge.size() < kTileWidth) return;
    const uint64_t index = HashesAtLevel(size_, level) / kTileWidth - 1;
    full.push_back({{level, index, kTileWidth}, TileBytes(edge)});
    hash = PerfectRoot(edge);
    edge.clear();
  }
}

Hash256 TreeEdge::Root() const {
  if (size_ == 0) return EmptyTreeRoot();
  std::vector<Hash256> subtrees;
  for (unsigned level = kMaxTileLevels; level > 0; --level) {
    std::span<const Hash256> rest = levels_[level - 1];
    while (!rest.empty()) {
      const size_t width = std::bit_floor(rest.size());
      subtrees.push_back(PerfectRoot(rest.first(width)));
      rest = rest.subspan(width);
    }
  }
  return FoldSubtrees(subtrees);
}

absl::StatusOr<TreeEdge> TreeEdge::Restore(
    uint64_t size, std::array<std::vector<Hash256>, kMaxTileLevels> partial) {
  for (unsigned level = 0; level < kMaxTileLevels; ++level) {
    if (partial[level].size() != HashesAtLevel(size, level) % kTileWidth) {
      return absl::InvalidArgumentError(
          StrCat("level ", level, " of the tree's edge has ", partial[level].size(), " hashes"));
    }
  }
  TreeEdge edge;
  edge.size_ = size;
  edge.levels_ = std::move(partial);
  return edge;
}

}  // namespace caseledger::eventstore
