// The log's side of c2sp.org/tlog-witness: asks one witness for cosignatures.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "eventstore/signing/cosigner.h"
#include "eventstore/witness/add_checkpoint.h"

namespace caseledger::eventstore {

// Sends the body of an add-checkpoint and brings the answer, within a bounded time. UNAVAILABLE
// when there is none.
using AskWitness = std::function<absl::StatusOr<WitnessAnswer>(const std::string& body)>;

// Remembers the size that the witness last cosigned; asked with a wrong one, as the first time, it
// tells its own.
class WitnessClient final : public Cosigner {
 public:
  WitnessClient(VerifierKey key, AskWitness ask) : key_(std::move(key)), ask_(std::move(ask)) {}

  const VerifierKey& key() const override { return key_; }
  absl::StatusOr<NoteSignature> Cosign(const Checkpoint& checkpoint, const std::string& note,
                                       const ReadTile& tiles) override;

 private:
  const VerifierKey key_;
  const AskWitness ask_;
  uint64_t witnessed_size_ = 0;
};

}  // namespace caseledger::eventstore
