// The keys that sign a ledger's checkpoints, or cosign for a witness, in a file of their own.
//
// One key a line: `PRIVATE+KEY+...`, and for a key on its way out ` until 2026-12-24T00:00:00Z`.
// Lines that begin with # and empty ones are skipped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/verifiable/signing_key.h"

namespace caseledger::eventstore {

// All keys of a ring serve one purpose. Not thread-safe.
class KeyRing {
 public:
  static constexpr size_t kMaxKeys = 16;

  explicit KeyRing(KeyAlgorithm algorithm = KeyAlgorithm::kNote) : algorithm_(algorithm) {}

  // INVALID_ARGUMENT with the line; the text itself is never shown.
  static absl::StatusOr<KeyRing> Parse(std::string_view text);
  std::string ToText() const;

  // The ring of the file. NOT_FOUND; FAILED_PRECONDITION when others than its owner may read it;
  // INVALID_ARGUMENT; UNAVAILABLE.
  static absl::StatusOr<KeyRing> Load(const std::string& path);
  // Replaces the file, durably, readable by its owner alone. UNAVAILABLE.
  absl::Status Save(const std::string& path) const;

  // Adds a fresh key of that name, which signs from now on. Those that signed so far go on until
  // `others_until`. RESOURCE_EXHAUSTED beyond kMaxKeys.
  absl::StatusOr<VerifierKey> Add(std::string_view name, Micros others_until, RandomSource& random);

  // What its keys are for.
  KeyAlgorithm algorithm() const { return algorithm_; }

  // Those that sign at `now`, the newest first.
  std::vector<SigningKey> SigningAt(Micros now) const;
  // All, also those that sign no more, the newest first.
  std::vector<VerifierKey> Verifiers() const;
  struct Listed {
    VerifierKey key;
    std::optional<Micros> until;
  };
  std::vector<Listed> List() const;

 private:
  struct Entry {
    SigningKey key;
    std::optional<Micros> until;
  };
  KeyAlgorithm algorithm_;
  std::vector<Entry> entries_;  // the oldest first
};

}  // namespace caseledger::eventstore
