// What an erasure is to destroy: the keys under which a person's data is sealed. Implemented by
// whoever keeps the keys.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/uuid.h"

namespace caseledger::commands {

// Thread-safe.
class ErasureKeys {
 public:
  virtual ~ErasureKeys() = default;

  // Fingerprints (SHA-256) of every key that goes with the person's record: its own, and those of
  // notes that are shredded with it. At most 10,000 are taken. Asked inside a decision, on the
  // ledger's thread, and perhaps more than once for one: must neither block nor change anything.
  // Until the fence that names them is in the log, no key is destroyed.
  //
  // UNAVAILABLE  the keys are not known now; nothing is decided
  virtual absl::StatusOr<std::vector<Hash256>> FingerprintsOf(const Uuid& person_id) = 0;
};

}  // namespace caseledger::commands
