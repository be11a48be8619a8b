// The Merkle tree as RFC 6962, 2.1, defines it, word by word and without any thought of speed: what
// the tiles are compared with. And a tree kept in tiles, as the log keeps it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/big_endian.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/verifiable/merkle.h"
#include "eventstore/verifiable/tree_edge.h"
#include "eventstore/verifiable/tree_reader.h"

namespace caseledger::testing {

using eventstore::HashChildren;
using eventstore::MerkleProof;

inline Hash256 LeafNumber(uint64_t number) {
  std::string entry = "leaf ";
  AppendBigEndian(entry, number);
  return eventstore::HashLeafEntry(entry);
}

class PlainTree {
 public:
  explicit PlainTree(std::vector<Hash256> leaves) : leaves_(std::move(leaves)) {}

  // MTH(D[begin:end]).
  Hash256 Root(size_t begin, size_t end) const {
    if (begin == end) return Sha256({});
    if (end - begin == 1) return leaves_[begin];
    const size_t middle = begin + Split(end - begin);
    return HashChildren(Root(begin, middle), Root(middle, end));
  }

  // PATH(index, D[begin:end]); `index` counts from `begin`.
  MerkleProof Path(size_t index, size_t begin, size_t end) const {
    if (end - begin == 1) return {};
    const size_t split = Split(end - begin);
    const size_t middle = begin + split;
    MerkleProof path =
        index < split ? Path(index, begin, middle) : Path(index - split, middle, end);
    path.push_back(index < split ? Root(middle, end) : Root(begin, middle));
    return path;
  }

  // SUBPROOF(old_size, D[begin:end], whole).
  MerkleProof Subproof(size_t old_size, size_t begin, size_t end, bool whole) const {
    const size_t length = end - begin;
    if (old_size == length) return whole ? MerkleProof() : MerkleProof{Root(begin, end)};
    const size_t split = Split(length);
    const size_t middle = begin + split;
    MerkleProof proof = old_size <= split ? Subproof(old_size, begin, middle, whole)
                                          : Subproof(old_size - split, middle, end, false);
    proof.push_back(old_size <= split ? Root(middle, end) : Root(begin, middle));
    return proof;
  }

 private:
  static size_t Split(size_t length) {
    size_t split = 1;
    while (split * 2 < length) split *= 2;
    return split;
  }

  std::vector<Hash256> leaves_;
};

class TiledTree {
 public:
  void Append(const Hash256& leaf) {
    leaves_.push_back(leaf);
    std::vector<eventstore::Tile> full;
    edge_.Append(leaf, full);
    for (eventstore::Tile& tile : full) tiles_[tile.id] = std::move(tile.hashes);
  }

  const eventstore::TreeEdge& edge() const { return edge_; }
  const std::vector<Hash256>& leaves() const { return leaves_; }
  std::map<eventstore::TileId, std::string>& tiles() { return tiles_; }

  // Full tiles are read; a partial one is made of leaves or of the roots of the tiles below.
  absl::StatusOr<std::vector<Hash256>> Read(const eventstore::TileId& id) const {
    if (const auto full = tiles_.find({id.level, id.index, eventstore::kTileWidth});
        full != tiles_.end()) {
      auto hashes =
          eventstore::HashesOfTile({id.level, id.index, eventstore::kTileWidth}, full->second);
      if (hashes.ok()) hashes->resize(id.width);
      return hashes;
    }
    std::vector<Hash256> hashes;
    for (uint64_t i = id.index * eventstore::kTileWidth; hashes.size() < id.width; ++i) {
      if (id.level == 0) {
        hashes.push_back(leaves_.at(i));
        continue;
      }
      auto below = Read({id.level - 1, i, eventstore::kTileWidth});
      if (!below.ok()) return below.status();
      hashes.push_back(eventstore::PerfectRoot(*below));
    }
    return hashes;
  }

  eventstore::TreeReader ReaderAt(uint64_t size) const {
    return eventstore::TreeReader(size, [this](const eventstore::TileId& id) { return Read(id); });
  }

 private:
  std::vector<Hash256> leaves_;
  std::map<eventstore::TileId, std::string> tiles_;
  eventstore::TreeEdge edge_;
};

}  // namespace caseledger::testing
