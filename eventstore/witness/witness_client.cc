#include "eventstore/witness/witness_client.h"

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/verifiable/text_lines.h"

namespace caseledger::eventstore {
namespace {

// Of an answer that goes into an error, so that no witness fills the log.
constexpr size_t kMaxShownBytes = 200;

absl::Status Refused(const WitnessAnswer& answer) {
  std::string shown = answer.body.substr(0, std::min(answer.body.find('\n'), kMaxShownBytes));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return absl::FailedPreconditionError(
      StrCat("it refuses with status ", answer.http_status, ": ", shown));
}

// The size that the witness says it has; nullopt when it says something else.
std::optional<uint64_t> SizeIn(const WitnessAnswer& answer) {
  if (answer.http_status != 409 || answer.content_type != AddCheckpoint::kSizeContentType) {
    return std::nullopt;
  }
  std::string_view body = answer.body;
  const std::optional<std::string_view> line = TakeLine(body);
  return line && body.empty() ? ReadDecimal(*line) : std::nullopt;
}

// The key's cosignature among the lines.
absl::StatusOr<NoteSignature> CosignatureIn(const std::string& lines, const std::string& text,
                                            const VerifierKey& key) {
  const absl::StatusOr<Note> answered = Note::Parse(StrCat(text, "\n", lines));
  if (!answered.ok()) {
    return absl::InvalidArgumentError("its answer is not made of signature lines");
  }
  for (const NoteSignature& signature : answered->signatures) {
    if (signature.key != key.id) continue;
    RETURN_IF_ERROR(VerifyNote({text, {signature}}, std::vector{key}).status());
    return signature;
  }
  return absl::InvalidArgumentError(StrCat("its answer has no cosignature of ", key.ToText()));
}

}  // namespace

absl::StatusOr<NoteSignature> WitnessClient::Cosign(const Checkpoint& checkpoint,
                                                    const std::string& note,
                                                    const ReadTile& tiles) {
  ASSIGN_OR_RETURN(const Note parsed, Note::Parse(note));
  // A checkpoint older than what the witness has cosigned is shown as it is: the answer says so.
  const uint64_t old_size = std::min(witnessed_size_, checkpoint.size);
  for (AddCheckpoint request{old_size, {}, note};;) {
    TreeReader tree(checkpoint.size, tiles);
    ASSIGN_OR_RETURN(request.proof, tree.ConsistencyProof(request.old_size));
    ASSIGN_OR_RETURN(const WitnessAnswer answer, ask_(request.ToText()));
    if (answer.http_status == 200) {
      ASSIGN_OR_RETURN(NoteSignature signature, CosignatureIn(answer.body, parsed.text, key_));
      witnessed_size_ = checkpoint.size;
      return signature;
    }
    const std::optional<uint64_t> size = SizeIn(answer);
    if (!size) return Refused(answer);
    if (*size > checkpoint.size) {
      return absl::FailedPreconditionError(
          StrCat("it has cosigned ", *size, " events, but the ledger has signed only ",
                 checkpoint.size, ": events are lost, or two ledgers use one key"));
    }
    if (*size == request.old_size || request.old_size != old_size) {
      return absl::FailedPreconditionError("it does not keep to the size it says it has");
    }
    witnessed_size_ = *size;
    request.old_size = *size;
  }
}

}  // namespace caseledger::eventstore
