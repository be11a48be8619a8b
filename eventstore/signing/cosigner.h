// Who confirms that a ledger's checkpoints continue one another: a witness
// (c2sp.org/tlog-cosignature).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/verifiable/note.h"
#include "eventstore/verifiable/signing_key.h"
#include "eventstore/verifiable/tree_reader.h"

namespace caseledger::eventstore {

// One witness as one ledger sees it. Its methods are for one thread at a time.
class Cosigner {
 public:
  virtual ~Cosigner() = default;

  virtual const VerifierKey& key() const = 0;

  // Its cosignature, checked, on the checkpoint in `note`, whose tree has these tiles. Takes a
  // bounded time.
  //
  // UNAVAILABLE          no answer in time
  // FAILED_PRECONDITION  it refuses; says why
  // INVALID_ARGUMENT     what it answers is no cosignature of its key
  // and the errors of reading tiles
  virtual absl::StatusOr<NoteSignature> Cosign(const Checkpoint& checkpoint,
                                               const std::string& note, const ReadTile& tiles) = 0;
};

}  // namespace caseledger::eventstore
