// The Merkle tree of RFC 6962 (section 2.1) and RFC 9162 (2.1.3, 2.1.4): node hashes, and the
// checks of inclusion and consistency proofs. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/hash.h"

namespace caseledger::eventstore {

// SHA256(0x01 || left || right). Leaves are hashed by `HashLeafEntry` of codec/leaf.h.
Hash256 HashChildren(const Hash256& left, const Hash256& right);

// SHA256(""): the root of a tree without leaves.
Hash256 EmptyTreeRoot();

// The root over 2^k hashes of one height; `hashes` has 1, 2, 4, ... entries.
Hash256 PerfectRoot(std::span<const Hash256> hashes);

// The root over perfect subtrees of falling size that stand side by side, the largest first. At
// least one.
Hash256 FoldSubtrees(std::span<const Hash256> roots);

// Hashes from the leaf's side to the root's.
using MerkleProof = std::vector<Hash256>;

// OK when `proof` shows that the leaf with hash `leaf` stands at `index` of the tree with `size`
// leaves and this root. INVALID_ARGUMENT: says what does not fit.
absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash256& leaf,
                             const MerkleProof& proof, const Hash256& root);

// OK when `proof` shows that the first `old_size` leaves of the tree with `size` leaves are the
// tree with `old_root`. INVALID_ARGUMENT: says what does not fit.
absl::Status VerifyConsistency(uint64_t old_size, uint64_t size, const Hash256& old_root,
                               const Hash256& root, const MerkleProof& proof);

}  // namespace caseledger::eventstore
