#include "eventstore/verifiable/stream_heads.h"

#include <string>
#include <string_view>

#include "eventstore/base/big_endian.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

constexpr std::string_view kHeadPrefix("\x02", 1);
constexpr std::string_view kSidesPrefix("\x03", 1);
constexpr size_t kKeyBits = 8 * sizeof(Hash256::bytes);

}  // namespace

Hash256 HeadKey(const StreamId& stream) {
  std::string kind;
  AppendBigEndian(kind, stream.kind);
  return Sha256({kind, stream.id.raw()});
}

bool HeadKeyBit(const Hash256& key, unsigned depth) {
  return (key.bytes[depth / 8] >> (7 - depth % 8) & 1) != 0;
}

Hash256 HashHead(const CommittedHead& head) {
  std::string revision;
  AppendBigEndian(revision, head.revision);
  return Sha256({kHeadPrefix, head.key.raw(), revision, head.leaf_hash.raw()});
}

Hash256 HashHeadSides(const Hash256& left, const Hash256& right) {
  return Sha256({kSidesPrefix, left.raw(), right.raw()});
}

absl::Status VerifyHead(const CommittedHead& head, const HeadProof& proof, const Hash256& root) {
  if (proof.size() > kKeyBits) {
    return absl::InvalidArgumentError(
        StrCat("a proof of a head has at most ", kKeyBits, " hashes, not ", proof.size()));
  }
  Hash256 hash = HashHead(head);
  auto depth = static_cast<unsigned>(proof.size());
  for (const Hash256& side : proof) {
    --depth;
    hash = HeadKeyBit(head.key, depth) ? HashHeadSides(side, hash) : HashHeadSides(hash, side);
  }
  if (hash == root) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("the committed heads do not say that the record goes to revision ", head.revision));
}

}  // namespace caseledger::eventstore
