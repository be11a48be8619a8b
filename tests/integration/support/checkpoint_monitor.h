// An auditor who keeps the newest checkpoint that a server signed, and has it prove each time that
// the next one continues it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "eventstore/base/hash.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/verifiable/merkle.h"
#include "tests/integration/support/client.h"

namespace caseledger::testing {

Hash256 ToHash(std::string_view bytes);

template <typename Response>
eventstore::MerkleProof ProofOf(const Response& response) {
  eventstore::MerkleProof proof;
  for (const std::string& hash : response.hashes()) proof.push_back(ToHash(hash));
  return proof;
}

// Not thread-safe.
class CheckpointMonitor {
 public:
  // The newest checkpoint, opened with the key that a server first named. Fails the test and
  // returns an empty one when there is none.
  eventstore::Checkpoint Open(const Client& client);
  // The same, which must continue `older`.
  static void ExpectContinues(const Client& client, const eventstore::Checkpoint& older,
                              const eventstore::Checkpoint& newer);
  // The newest checkpoint continues the one that was the newest when this was asked before.
  void ExpectContinuesTheLast(const Client& client);

  uint64_t size() const { return last_ ? last_->size : 0; }

 private:
  std::optional<eventstore::VerifierKey> key_;
  std::optional<eventstore::Checkpoint> last_;
};

}  // namespace caseledger::testing
