#include "eventstore/verifiable/merkle.h"

#include <bit>
#include <cassert>
#include <string_view>

#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

}  // namespace

Hash256 HashChildren(const Hash256& left, const Hash256& right) {
  return Sha256({std::string_view("\x01", 1), left.raw(), right.raw()});
}

Hash256 EmptyTreeRoot() { return Sha256({}); }

Hash256 PerfectRoot(std::span<const Hash256> hashes) {
  assert(std::has_single_bit(hashes.size()));
  std::vector<Hash256> level(hashes.begin(), hashes.end());
  while (level.size() > 1) {
    for (size_t i = 0; i < level.size() / 2; ++i) {
      level[i] = HashChildren(level[2 * i], level[2 * i + 1]);
    }
    level.resize(level.size() / 2);
  }
  return level.front();
}

Hash256 FoldSubtrees(std::span<const Hash256> roots) {
  assert(!roots.empty());
  Hash256 root = roots.back();
  for (size_t i = roots.size() - 1; i > 0; --i) root = HashChildren(roots[i - 1], root);
  return root;
}

// RFC 9162, 2.1.3.2.
absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash256& leaf,
                             const MerkleProof& proof, const Hash256& root) {
  if (index >= size) return Wrong("the leaf's index lies beyond the tree");
  uint64_t fn = index;
  uint64_t sn = size - 1;
  Hash256 hash = leaf;
  for (const Hash256& sibling : proof) {
    if (sn == 0) return Wrong("the inclusion proof is too long");
    if ((fn & 1) == 1 || fn == sn) {
      hash = HashChildren(sibling, hash);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = HashChildren(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Wrong("the inclusion proof is too short");
  if (hash != root) return Wrong("the inclusion proof does not lead to the root");
  return absl::OkStatus();
}

// RFC 9162, 2.1.4.2.
absl::Status VerifyConsistency(uint64_t old_size, uint64_t size, const Hash256& old_root,
                               const Hash256& root, const MerkleProof& proof) {
  if (old_size > size) return Wrong("the tree is smaller than before");
  if (old_size == 0 || old_size == size) {
    if (!proof.empty()) return Wrong("the consistency proof is too long");
    if (old_size == 0 && old_root != EmptyTreeRoot()) return Wrong("the old root is wrong");
    if (old_size == size && old_root != root) return Wrong("two roots for one size");
    return absl::OkStatus();
  }
  const bool old_is_perfect = std::has_single_bit(old_size);
  if (!old_is_perfect && proof.empty()) return Wrong("the consistency proof is too short");
  uint64_t fn = old_size - 1;
  uint64_t sn = size - 1;
  while ((fn & 1) == 1) {
    fn >>= 1;
    sn >>= 1;
  }
  Hash256 old_hash = old_is_perfect ? old_root : proof.front();
  Hash256 hash = old_hash;
  for (size_t i = old_is_perfect ? 0 : 1; i < proof.size(); ++i) {
    if (sn == 0) return Wrong("the consistency proof is too long");
    if ((fn & 1) == 1 || fn == sn) {
      old_hash = HashChildren(proof[i], old_hash);
      hash = HashChildren(proof[i], hash);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = HashChildren(hash, proof[i]);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Wrong("the consistency proof is too short");
  if (old_hash != old_root) return Wrong("the consistency proof does not lead to the old root");
  if (hash != root) return Wrong("the consistency proof does not lead to the root");
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
