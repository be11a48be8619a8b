// The checkpoints of a ledger that lie about, for whoever audits it: found, and their signatures
// checked. Writes nothing and needs no private key.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/engine/engine.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/verifiable/signing_key.h"

namespace caseledger::eventstore {

struct CheckpointSources {
  std::string ledger;
  // As of the server (SignerOptions).
  std::string checkpoint_dir;
  std::string key_file;
  // Keys the auditor brings; if there are any, the key file is not looked at.
  std::vector<VerifierKey> keys;
  // Files of checkpoints the auditor brings, such as were handed out earlier. With several ledgers
  // in a directory each counts for the ledger whose log it is of.
  std::vector<std::string> files;
};

struct KeptCheckpoint {
  std::string where;  // a path, or "in the database"
  Checkpoint checkpoint;
};

struct KeptCheckpoints {
  std::string origin;  // of the ledger's log; empty before it signed
  std::vector<KeptCheckpoint> found;
  // What the result does not show, in sentences for people.
  std::vector<std::string> cautions;
};

// DATA_LOSS            a checkpoint or the signing state is damaged, of another log, not signed by
//                      the keys, or older than one that was signed before it; with the auditor's
//                      keys or files also when there is no checkpoint at all
// FAILED_PRECONDITION  others may read the key file
// INVALID_ARGUMENT     the key file is not one
// UNAVAILABLE          a file cannot be read
absl::StatusOr<KeptCheckpoints> FindKeptCheckpoints(const Engine& engine,
                                                    const CheckpointSources& sources);

}  // namespace caseledger::eventstore
