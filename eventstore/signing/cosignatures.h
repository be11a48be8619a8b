// Collects the cosignatures of witnesses on a ledger's newest checkpoint.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "eventstore/signing/cosigner.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/verifiable/note.h"
#include "eventstore/verifiable/tree_reader.h"

namespace caseledger::eventstore {

struct CosigningOptions {
  std::vector<std::shared_ptr<Cosigner>> witnesses;
  // A checkpoint is published when so many of them have cosigned it.
  size_t min_cosignatures = 0;
  // Hears when a witness fails and, with OK, when it cosigns again; not each time in between.
  std::function<void(const std::string& witness, const absl::Status& status)> on_change;
};

// Not thread-safe; asks the witnesses on threads of its own.
class Cosignatures {
 public:
  static constexpr size_t kMaxWitnesses = 16;

  explicit Cosignatures(CosigningOptions options);

  // What is had on the checkpoint after asking, all at once, those witnesses whose cosignature is
  // missing; in the order of the options. Waits until each has answered or its time is up. A
  // witness that failed is left alone for a while, longer each time, up to kMaxPause.
  std::vector<NoteSignature> Collect(const Checkpoint& checkpoint, const std::string& note,
                                     const ReadTile& tiles);

  static constexpr Micros kMaxPause = 8 * kMicrosPerSecond;

 private:
  struct Witness {
    std::shared_ptr<Cosigner> cosigner;
    std::optional<NoteSignature> had;  // on `text_`
    absl::Status status;               // of the last time it was asked
    Micros pause = 0;
    Micros ask_after = 0;  // of MonotonicNow
  };

  void AskMissing(const Checkpoint& checkpoint, const std::string& note, const ReadTile& tiles);
  void Take(Witness& witness, absl::StatusOr<NoteSignature> answer);

  const CosigningOptions options_;
  std::vector<Witness> witnesses_;
  std::string text_;  // of the checkpoint that the cosignatures are on
};

}  // namespace caseledger::eventstore
