#include "eventstore/verifiable/checkpoint.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/verifiable/base64.h"
#include "eventstore/verifiable/text_lines.h"

namespace caseledger::eventstore {
namespace {

constexpr std::string_view kProofHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kIndexPrefix = "index ";
// A tree of 2^64 leaves has no longer proofs.
constexpr size_t kMaxProofHashes = 64;

}  // namespace

std::string Checkpoint::ToText() const {
  return StrCat(origin, "\n", size, "\n", ToBase64(root.raw()), "\n");
}

absl::StatusOr<Checkpoint> Checkpoint::FromText(std::string_view text) {
  const auto wrong = [](std::string_view what) {
    return absl::InvalidArgumentError(StrCat("not a checkpoint: ", what));
  };
  const std::optional<std::string_view> origin = TakeLine(text);
  const std::optional<std::string_view> size_line = TakeLine(text);
  const std::optional<std::string_view> root_line = TakeLine(text);
  if (!origin || origin->empty() || !size_line || !root_line) return wrong("it has three lines");
  const std::optional<uint64_t> size = ReadDecimal(*size_line);
  if (!size) return wrong("its size is no number");
  const std::optional<Hash256> root = ReadHash(*root_line);
  if (!root) return wrong("its root is no hash");
  while (!text.empty()) {
    const std::optional<std::string_view> extension = TakeLine(text);
    if (!extension || extension->empty()) return wrong("an extension line is empty");
  }
  return Checkpoint{std::string(*origin), *size, *root};
}

absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note_bytes,
                                          std::span<const VerifierKey> keys) {
  ASSIGN_OR_RETURN(const Note note, Note::Parse(note_bytes));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::FromText(note.text));
  ASSIGN_OR_RETURN(const std::vector<VerifiedSignature> signatures, VerifyNote(note, keys));
  const bool by_the_log =
      std::any_of(signatures.begin(), signatures.end(), [&](const VerifiedSignature& signature) {
        const auto key = std::find_if(keys.begin(), keys.end(), [&](const VerifierKey& candidate) {
          return candidate.id == signature.key;
        });
        return signature.key.name == checkpoint.origin && key->algorithm == KeyAlgorithm::kNote;
      });
  if (by_the_log) return checkpoint;
  return absl::InvalidArgumentError(StrCat("the checkpoint of ", checkpoint.origin,
                                           " is not signed by a key that was given for it"));
}

std::string SignCheckpoint(const Checkpoint& checkpoint, std::span<const SigningKey> keys) {
  Note note{checkpoint.ToText(), {}};
  for (const SigningKey& key : keys) note.signatures.push_back(SignNote(note.text, key));
  return note.ToBytes();
}

std::string ProofFile::ToText() const {
  std::string text = StrCat(kProofHeader, "\n", kIndexPrefix, index, "\n");
  for (const Hash256& hash : proof) text += ToBase64(hash.raw()) + "\n";
  return StrCat(text, "\n", checkpoint);
}

absl::StatusOr<ProofFile> ProofFile::FromText(std::string_view text) {
  const auto wrong = [](std::string_view what) {
    return absl::InvalidArgumentError(StrCat("not a proof file: ", what));
  };
  if (TakeLine(text) != kProofHeader) return wrong("its first line is another");
  const std::optional<std::string_view> index_line = TakeLine(text);
  if (!index_line || !index_line->starts_with(kIndexPrefix)) return wrong("it lacks its index");
  const std::optional<uint64_t> index = ReadDecimal(index_line->substr(kIndexPrefix.size()));
  if (!index) return wrong("its index is no number");
  ProofFile file;
  file.index = *index;
  while (true) {
    const std::optional<std::string_view> line = TakeLine(text);
    if (!line) return wrong("it ends before its checkpoint");
    if (line->empty()) break;
    const std::optional<Hash256> hash = ReadHash(*line);
    if (!hash || file.proof.size() == kMaxProofHashes) return wrong("a line is no hash");
    file.proof.push_back(*hash);
  }
  file.checkpoint = std::string(text);
  return file;
}

}  // namespace caseledger::eventstore
