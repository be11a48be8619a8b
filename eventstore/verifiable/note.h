// Signed notes (c2sp.org/signed-note): a text and, after a blank line, signatures over it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/verifiable/signing_key.h"

namespace caseledger::eventstore {

// One line `— name base64(hash || signature)`.
struct NoteSignature {
  KeyId key;
  std::string signature;  // what the algorithm says; 64 bytes of Ed25519, after a time if cosigned
};

struct Note {
  std::string text;  // with its final newline
  std::vector<NoteSignature> signatures;

  // INVALID_ARGUMENT: not a note; says why. Takes at most kMaxBytes and kMaxSignatures.
  static absl::StatusOr<Note> Parse(std::string_view bytes);
  std::string ToBytes() const;

  static constexpr size_t kMaxBytes = 1u << 20;
  static constexpr size_t kMaxSignatures = 100;
};

// The key's signature over the text. For a key of cosignatures `time` is signed with it, in
// seconds since 1970; for others it is not used.
NoteSignature SignNote(std::string_view text, const SigningKey& key, uint64_t time_seconds = 0);

// A signature that was checked.
struct VerifiedSignature {
  KeyId key;
  uint64_t time_seconds = 0;  // of a cosignature; 0 else
};

// The signatures of the note that `keys` made. Those of unknown keys are left out.
// INVALID_ARGUMENT when a signature under one of `keys` is wrong, or a key signed twice.
absl::StatusOr<std::vector<VerifiedSignature>> VerifyNote(const Note& note,
                                                          std::span<const VerifierKey> keys);

}  // namespace caseledger::eventstore
