// The body of the call by which a log asks a witness for its cosignature (c2sp.org/tlog-witness,
// add-checkpoint):
//
//   old 20852014
//   PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=     the consistency proof, a hash a line
//
//   example.com/behind-the-sofa                      a checkpoint: a signed note
//   ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/verifiable/merkle.h"

namespace caseledger::eventstore {

struct AddCheckpoint {
  // Path below the witness's submission prefix.
  static constexpr std::string_view kPath = "/add-checkpoint";
  // Of the answer that says which size the witness has.
  static constexpr std::string_view kSizeContentType = "text/x.tlog.size";
  static constexpr size_t kMaxProofHashes = 63;
  static constexpr size_t kMaxBytes = size_t{64} * 1024;

  uint64_t old_size = 0;  // which the witness is thought to have
  MerkleProof proof;      // from there to the checkpoint's size
  std::string checkpoint;

  // INVALID_ARGUMENT: says what is wrong. The checkpoint is not looked into.
  static absl::StatusOr<AddCheckpoint> Parse(std::string_view body);
  std::string ToText() const;
};

// What the call is answered with.
struct WitnessAnswer {
  int http_status = 0;
  std::string content_type;
  std::string body;
};

}  // namespace caseledger::eventstore
