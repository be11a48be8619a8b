// Ed25519 keys of signed notes (c2sp.org/signed-note), in the texts that Go's sumdb/note uses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/random.h"

namespace caseledger::eventstore {

// What a key signs. The number is part of the key's id, so no key serves two purposes.
enum class KeyAlgorithm : uint8_t {
  kNote = 0x01,           // the note's text, Ed25519
  kCosignatureV1 = 0x04,  // the text and a time (c2sp.org/tlog-cosignature)
};

// Names a key in a note: the signer's name and the first 4 bytes of
// SHA256(name || 0x0A || algorithm || public key).
struct KeyId {
  std::string name;
  uint32_t hash = 0;

  friend auto operator<=>(const KeyId&, const KeyId&) = default;
};

// The public half. Text: `name+hash+base64(algorithm || public key)`.
struct VerifierKey {
  KeyId id;
  KeyAlgorithm algorithm = KeyAlgorithm::kNote;
  std::string public_key;  // 32 bytes

  // INVALID_ARGUMENT: says what is wrong.
  static absl::StatusOr<VerifierKey> Parse(std::string_view text);
  std::string ToText() const;

  friend auto operator<=>(const VerifierKey&, const VerifierKey&) = default;
};

// OK when `signature` (64 bytes) is the key's over `message`. INVALID_ARGUMENT otherwise.
absl::Status VerifyEd25519(std::string_view public_key, std::string_view message,
                           std::string_view signature);

// Whether a name can stand in a note: not empty, UTF-8, no spaces, control characters or plus.
bool IsKeyName(std::string_view name);

// The private half. Text: `PRIVATE+KEY+name+hash+base64(algorithm || seed)`: whoever has it can
// sign in the ledger's name. Wiped when it goes. Thread-safe.
class SigningKey {
 public:
  // INVALID_ARGUMENT: says what is wrong, and never shows the key.
  static absl::StatusOr<SigningKey> Parse(std::string_view text);
  // INVALID_ARGUMENT for a name that IsKeyName refuses.
  static absl::StatusOr<SigningKey> Generate(std::string_view name, KeyAlgorithm algorithm,
                                             RandomSource& random);

  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  SigningKey(SigningKey&&) noexcept = default;
  SigningKey& operator=(SigningKey&&) noexcept = default;
  ~SigningKey();

  const VerifierKey& verifier() const { return verifier_; }
  std::string ToText() const;
  // 64 bytes.
  std::string Sign(std::string_view message) const;

 private:
  SigningKey(std::string seed, VerifierKey verifier)
      : seed_(std::move(seed)), verifier_(std::move(verifier)) {}
  static absl::StatusOr<SigningKey> FromSeed(std::string_view name, KeyAlgorithm algorithm,
                                             std::string seed);

  std::string seed_;  // 32 bytes
  VerifierKey verifier_;
};

}  // namespace caseledger::eventstore
