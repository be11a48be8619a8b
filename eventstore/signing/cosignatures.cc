#include "eventstore/signing/cosignatures.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/scheduler.h"
#include "eventstore/base/strings.h"
#include "eventstore/base/thread.h"

namespace caseledger::eventstore {
namespace {

constexpr Micros kFirstPause = kMicrosPerSecond / 2;

}  // namespace

Cosignatures::Cosignatures(CosigningOptions options) : options_(std::move(options)) {
  for (const std::shared_ptr<Cosigner>& cosigner : options_.witnesses) {
    witnesses_.push_back({cosigner, std::nullopt, absl::OkStatus()});
  }
}

std::vector<NoteSignature> Cosignatures::Collect(const Checkpoint& checkpoint,
                                                 const std::string& note, const ReadTile& tiles) {
  if (std::string text = checkpoint.ToText(); text != text_) {
    text_ = std::move(text);
    for (Witness& witness : witnesses_) witness.had.reset();
  }
  AskMissing(checkpoint, note, tiles);
  std::vector<NoteSignature> signatures;
  for (const Witness& witness : witnesses_) {
    if (witness.had) signatures.push_back(*witness.had);
  }
  return signatures;
}

void Cosignatures::AskMissing(const Checkpoint& checkpoint, const std::string& note,
                              const ReadTile& tiles) {
  struct Asked {
    Witness& witness;
    absl::StatusOr<NoteSignature> answer;
    Thread thread;
  };
  std::vector<Asked> all;
  all.reserve(witnesses_.size());  // threads point into it
  const Micros now = MonotonicNow();
  for (Witness& witness : witnesses_) {
    if (witness.had || now < witness.ask_after) continue;
    Asked& asked = all.emplace_back(Asked{witness, absl::UnknownError("not asked"), Thread()});
    asked.thread = Thread("ask-witness", [&asked, &checkpoint, &note, &tiles] {
      asked.answer = asked.witness.cosigner->Cosign(checkpoint, note, tiles);
    });
  }
  for (Asked& asked : all) {
    asked.thread.Join();
    Take(asked.witness, std::move(asked.answer));
  }
}

void Cosignatures::Take(Witness& witness, absl::StatusOr<NoteSignature> answer) {
  const bool was_good = witness.status.ok();
  witness.status = answer.status();
  if (answer.ok()) {
    witness.had = *std::move(answer);
    witness.pause = 0;
  } else {
    witness.pause = std::clamp(witness.pause * 2, kFirstPause, kMaxPause);
    witness.ask_after = MonotonicNow() + witness.pause;
  }
  if (was_good != witness.status.ok() && options_.on_change) {
    options_.on_change(witness.cosigner->key().id.name, witness.status);
  }
}

}  // namespace caseledger::eventstore
