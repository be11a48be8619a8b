#include "eventstore/verifiable/note.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/utf8.h"
#include "eventstore/verifiable/base64.h"

namespace caseledger::eventstore {
namespace {

constexpr std::string_view kDash = "\u2014 ";
constexpr size_t kHashBytes = 4;
constexpr size_t kTimeBytes = 8;

absl::Status Wrong(std::string_view what) {
  return absl::InvalidArgumentError(StrCat("not a signed note: ", what));
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<uint8_t>(c) < 0x20 && c != '\n'; });
}

absl::StatusOr<NoteSignature> ReadSignature(std::string_view line) {
  if (!line.starts_with(kDash)) return Wrong("a signature line does not begin with a dash");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return Wrong("a signature line lacks its signature");
  NoteSignature signature;
  signature.key.name = std::string(line.substr(0, space));
  if (!IsKeyName(signature.key.name)) return Wrong("a signer's name is damaged");
  const std::optional<std::string> bytes = FromBase64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kHashBytes) return Wrong("a signature is damaged");
  signature.key.hash = ReadBigEndian<uint32_t>(*bytes);
  signature.signature = bytes->substr(kHashBytes);
  return signature;
}

std::string CosignedMessage(std::string_view text, uint64_t time_seconds) {
  return StrCat("cosignature/v1\ntime ", time_seconds, "\n", text);
}

absl::StatusOr<VerifiedSignature> VerifySignature(const Note& note, const NoteSignature& from,
                                                  const VerifierKey& key) {
  std::string_view signature = from.signature;
  VerifiedSignature verified{from.key, 0};
  std::string message = note.text;
  if (key.algorithm == KeyAlgorithm::kCosignatureV1) {
    if (signature.size() < kTimeBytes) return absl::InvalidArgumentError("the signature is wrong");
    verified.time_seconds = ReadBigEndian<uint64_t>(signature);
    signature.remove_prefix(kTimeBytes);
    message = CosignedMessage(note.text, verified.time_seconds);
  }
  RETURN_IF_ERROR(VerifyEd25519(key.public_key, message, signature));
  return verified;
}

}  // namespace

absl::StatusOr<Note> Note::Parse(std::string_view bytes) {
  if (bytes.size() > kMaxBytes) return Wrong("it is longer than 1 MiB");
  if (!IsUtf8(bytes) || HasControlCharacter(bytes)) return Wrong("it is no plain text");
  const size_t blank = bytes.rfind("\n\n");
  if (blank == std::string_view::npos) return Wrong("it has no blank line before its signatures");
  Note note;
  note.text = std::string(bytes.substr(0, blank + 1));
  std::string_view rest = bytes.substr(blank + 2);
  if (rest.empty() || rest.back() != '\n') return Wrong("it does not end with a signature line");
  while (!rest.empty()) {
    if (note.signatures.size() == kMaxSignatures) return Wrong("it has too many signatures");
    const size_t end = rest.find('\n');
    ASSIGN_OR_RETURN(NoteSignature signature, ReadSignature(rest.substr(0, end)));
    note.signatures.push_back(std::move(signature));
    rest.remove_prefix(end + 1);
  }
  return note;
}

std::string Note::ToBytes() const {
  std::string bytes = StrCat(text, "\n");
  for (const NoteSignature& signature : signatures) {
    std::string raw;
    AppendBigEndian(raw, signature.key.hash);
    raw.append(signature.signature);
    bytes += StrCat(kDash, signature.key.name, " ", ToBase64(raw), "\n");
  }
  return bytes;
}

NoteSignature SignNote(std::string_view text, const SigningKey& key, uint64_t time_seconds) {
  NoteSignature signature{key.verifier().id, ""};
  if (key.verifier().algorithm == KeyAlgorithm::kCosignatureV1) {
    AppendBigEndian(signature.signature, time_seconds);
    signature.signature += key.Sign(CosignedMessage(text, time_seconds));
  } else {
    signature.signature = key.Sign(text);
  }
  return signature;
}

absl::StatusOr<std::vector<VerifiedSignature>> VerifyNote(const Note& note,
                                                          std::span<const VerifierKey> keys) {
  std::vector<VerifiedSignature> verified;
  std::set<KeyId> seen;
  for (const NoteSignature& signature : note.signatures) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const VerifierKey& candidate) {
      return candidate.id == signature.key;
    });
    if (key == keys.end()) continue;
    if (!seen.insert(signature.key).second) {
      return absl::InvalidArgumentError(StrCat(signature.key.name, " signed the note twice"));
    }
    absl::StatusOr<VerifiedSignature> checked = VerifySignature(note, signature, *key);
    if (!checked.ok()) {
      return absl::InvalidArgumentError(StrCat("the signature of ", signature.key.name,
                                               " is wrong: the note was changed, or signed with "
                                               "another key"));
    }
    verified.push_back(*std::move(checked));
  }
  return verified;
}

}  // namespace caseledger::eventstore
