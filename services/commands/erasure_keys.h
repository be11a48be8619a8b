// What an erasure is to destroy: the keys under which a person's data is sealed. Implemented by
// whoever keeps the keys.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/uuid.h"
#include "eventstore/event.h"

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

  // The same of every key that seals something in the record and nothing of anybody but these
  // persons: the record's own, and those of notes in it that name nobody else.
  virtual absl::StatusOr<std::vector<Hash256>> FingerprintsIn(
      const eventstore::StreamId& record, const std::vector<Uuid>& person_ids) = 0;

  // What became of the keys about a record.
  struct State {
    uint64_t destroyed = 0;
    uint64_t remaining = 0;
    // Nobody who kept a copy of what was there can undo it.
    bool beyond_recovery = false;
    // When that will be, if it is not so and happens by itself.
    std::optional<Micros> beyond_recovery_at;
  };
  // UNAVAILABLE  the keys are not known now
  virtual absl::StatusOr<State> StateOf(const eventstore::StreamId& record) = 0;
};

}  // namespace caseledger::commands
