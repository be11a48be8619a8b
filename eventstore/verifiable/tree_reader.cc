#include "eventstore/verifiable/tree_reader.h"

#include <array>
#include <bit>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

// The largest power of two below `length`, which is at least 2.
uint64_t SplitOf(uint64_t length) { return std::bit_floor(length - 1); }

}  // namespace

absl::StatusOr<Hash256> TreeReader::Root() { return RootAt(size_); }

absl::StatusOr<Hash256> TreeReader::RootAt(uint64_t size) {
  if (size > size_) return absl::OutOfRangeError(StrCat("the tree has only ", size_, " leaves"));
  if (size == 0) return EmptyTreeRoot();
  return RangeRoot(0, size);
}

absl::StatusOr<MerkleProof> TreeReader::InclusionProof(uint64_t index) {
  if (index >= size_) {
    return absl::OutOfRangeError(StrCat("leaf ", index, " is not in a tree of ", size_));
  }
  MerkleProof from_root;
  uint64_t begin = 0;
  uint64_t end = size_;
  while (end - begin > 1) {
    const uint64_t middle = begin + SplitOf(end - begin);
    const bool left = index < middle;
    ASSIGN_OR_RETURN(const Hash256 sibling,
                     left ? RangeRoot(middle, end) : RangeRoot(begin, middle));
    from_root.push_back(sibling);
    (left ? end : begin) = middle;
  }
  return MerkleProof(from_root.rbegin(), from_root.rend());
}

absl::StatusOr<MerkleProof> TreeReader::ConsistencyProof(uint64_t old_size) {
  if (old_size > size_) {
    return absl::OutOfRangeError(StrCat("the tree has only ", size_, " leaves"));
  }
  MerkleProof proof;
  if (old_size == 0 || old_size == size_) return proof;
  RETURN_IF_ERROR(AddConsistency(old_size, 0, size_, true, proof));
  return proof;
}

// SUBPROOF of RFC 6962, 2.1.2; `old_size` counts from `begin`.
absl::Status TreeReader::AddConsistency(uint64_t old_size, uint64_t begin, uint64_t end,
                                        bool old_is_known, MerkleProof& proof) {
  const uint64_t length = end - begin;
  if (old_size == length) {
    if (old_is_known) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Hash256 root, RangeRoot(begin, end));
    proof.push_back(root);
    return absl::OkStatus();
  }
  const uint64_t split = SplitOf(length);
  const uint64_t middle = begin + split;
  if (old_size <= split) {
    RETURN_IF_ERROR(AddConsistency(old_size, begin, middle, old_is_known, proof));
    ASSIGN_OR_RETURN(const Hash256 right, RangeRoot(middle, end));
    proof.push_back(right);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(AddConsistency(old_size - split, middle, end, false, proof));
  ASSIGN_OR_RETURN(const Hash256 left, RangeRoot(begin, middle));
  proof.push_back(left);
  return absl::OkStatus();
}

absl::StatusOr<TreeEdge> TreeReader::Edge() {
  std::array<std::vector<Hash256>, kMaxTileLevels> partial;
  for (unsigned level = 0; level < kMaxTileLevels; ++level) {
    const uint64_t hashes = HashesAtLevel(size_, level);
    if (hashes % kTileWidth == 0) continue;
    ASSIGN_OR_RETURN(const std::vector<Hash256>* tile, Read(level, hashes / kTileWidth));
    partial[level] = *tile;
  }
  return TreeEdge::Restore(size_, std::move(partial));
}

absl::StatusOr<Hash256> TreeReader::RangeRoot(uint64_t begin, uint64_t end) {
  std::vector<Hash256> subtrees;
  while (begin < end) {
    const uint64_t length = std::bit_floor(end - begin);
    const auto height = static_cast<unsigned>(std::countr_zero(length));
    ASSIGN_OR_RETURN(const Hash256 root, SubtreeRoot(height, begin >> height));
    subtrees.push_back(root);
    begin += length;
  }
  return FoldSubtrees(subtrees);
}

absl::StatusOr<Hash256> TreeReader::SubtreeRoot(unsigned height, uint64_t index) {
  const unsigned level = height / kTileHeight;
  const unsigned above = height % kTileHeight;
  const uint64_t first = index << above;
  ASSIGN_OR_RETURN(const std::vector<Hash256>* tile, Read(level, first / kTileWidth));
  return PerfectRoot(std::span(*tile).subspan(first % kTileWidth, size_t{1} << above));
}

absl::StatusOr<const std::vector<Hash256>*> TreeReader::Read(unsigned level, uint64_t index) {
  const std::optional<TileId> id = TileOfTree(size_, level, index);
  if (!id) return absl::InternalError("the tree has no such tile");
  const auto known = tiles_.find(*id);
  if (known != tiles_.end()) return &known->second;
  ASSIGN_OR_RETURN(std::vector<Hash256> hashes, read_(*id));
  if (hashes.size() != id->width) {
    return absl::InvalidArgumentError(StrCat(TilePath(*id), " has ", hashes.size(), " hashes"));
  }
  return &tiles_.emplace(*id, std::move(hashes)).first->second;
}

}  // namespace caseledger::eventstore
