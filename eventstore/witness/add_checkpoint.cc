#include "eventstore/witness/add_checkpoint.h"

#include <optional>

#include "absl/status/status.h"
#include "eventstore/base/strings.h"
#include "eventstore/verifiable/base64.h"
#include "eventstore/verifiable/text_lines.h"

namespace caseledger::eventstore {
namespace {

constexpr std::string_view kOldPrefix = "old ";

absl::Status Wrong(std::string_view what) {
  return absl::InvalidArgumentError(StrCat("not a request of add-checkpoint: ", what));
}

}  // namespace

absl::StatusOr<AddCheckpoint> AddCheckpoint::Parse(std::string_view body) {
  if (body.size() > kMaxBytes) return Wrong("it is longer than 64 KiB");
  const std::optional<std::string_view> old_line = TakeLine(body);
  if (!old_line || !old_line->starts_with(kOldPrefix)) return Wrong("it lacks its old size");
  const std::optional<uint64_t> old_size = ReadDecimal(old_line->substr(kOldPrefix.size()));
  if (!old_size) return Wrong("its old size is no number");
  AddCheckpoint request;
  request.old_size = *old_size;
  while (true) {
    const std::optional<std::string_view> line = TakeLine(body);
    if (!line) return Wrong("it ends before its checkpoint");
    if (line->empty()) break;
    if (request.proof.size() == kMaxProofHashes) return Wrong("it has more than 63 hashes");
    const std::optional<Hash256> hash = ReadHash(*line);
    if (!hash) return Wrong("a line of its proof is no hash");
    request.proof.push_back(*hash);
  }
  request.checkpoint = std::string(body);
  return request;
}

std::string AddCheckpoint::ToText() const {
  std::string text = StrCat(kOldPrefix, old_size, "\n");
  for (const Hash256& hash : proof) text += ToBase64(hash.raw()) + "\n";
  return StrCat(text, "\n", checkpoint);
}

}  // namespace caseledger::eventstore
