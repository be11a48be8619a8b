// Checkpoints (c2sp.org/tlog-checkpoint): the signed statement of a ledger's size and root; and
// proof files (c2sp.org/tlog-proof) that carry one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/hash.h"
#include "eventstore/verifiable/merkle.h"
#include "eventstore/verifiable/note.h"

namespace caseledger::eventstore {

struct Checkpoint {
  std::string origin;  // names the log; the name of its keys, too
  uint64_t size = 0;
  Hash256 root;

  // The note's text: `origin\nsize\nbase64(root)\n`.
  std::string ToText() const;
  // INVALID_ARGUMENT. Lines after the third are extensions, which are signed, too, and ignored.
  static absl::StatusOr<Checkpoint> FromText(std::string_view text);

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The checkpoint in a note, which must bear a good signature of one of `keys` under its origin's
// name. INVALID_ARGUMENT: says what is wrong.
absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note_bytes,
                                          std::span<const VerifierKey> keys);

// A checkpoint signed by every one of `keys`, in their order.
std::string SignCheckpoint(const Checkpoint& checkpoint, std::span<const SigningKey> keys);

// A file that proves one leaf: its index, the inclusion proof and the checkpoint it leads to.
struct ProofFile {
  uint64_t index = 0;
  MerkleProof proof;
  std::string checkpoint;  // a signed note

  std::string ToText() const;
  // INVALID_ARGUMENT.
  static absl::StatusOr<ProofFile> FromText(std::string_view text);
};

}  // namespace caseledger::eventstore
