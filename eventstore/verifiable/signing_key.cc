#include "eventstore/verifiable/signing_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "eventstore/base/big_endian.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/utf8.h"
#include "eventstore/verifiable/base64.h"

namespace caseledger::eventstore {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;
constexpr size_t kHashDigits = 8;
constexpr std::string_view kPrivatePrefix = "PRIVATE+KEY+";

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

const unsigned char* Bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

uint32_t KeyHash(std::string_view name, KeyAlgorithm algorithm, std::string_view public_key) {
  const char number = static_cast<char>(algorithm);
  return ReadBigEndian<uint32_t>(
      Sha256({name, "\n", std::string_view(&number, 1), public_key}).raw());
}

std::optional<KeyAlgorithm> AlgorithmOf(char byte) {
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::kNote, KeyAlgorithm::kCosignatureV1}) {
    if (static_cast<char>(algorithm) == byte) return algorithm;
  }
  return std::nullopt;
}

// `name+hash+base64(algorithm || 32 bytes)`.
struct KeyText {
  KeyId id;
  KeyAlgorithm algorithm = KeyAlgorithm::kNote;
  std::string key;
};

absl::StatusOr<KeyText> ReadKeyText(std::string_view text) {
  constexpr std::string_view kShape = "a key has the form NAME+HASH+BASE64";
  const size_t first = text.find('+');
  if (first == std::string_view::npos) return Wrong(kShape);
  const std::string_view rest = text.substr(first + 1);
  if (rest.size() < kHashDigits + 1 || rest[kHashDigits] != '+') return Wrong(kShape);
  KeyText read;
  read.id.name = std::string(text.substr(0, first));
  if (!IsKeyName(read.id.name))
    return Wrong("a key's name has no spaces and no +, and is not empty");
  const std::string_view digits = rest.substr(0, kHashDigits);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), read.id.hash, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Wrong("a key's hash has 8 hexadecimal digits");
  }
  std::optional<std::string> bytes = FromBase64(rest.substr(kHashDigits + 1));
  if (!bytes || bytes->size() != 1 + kKeyBytes) return Wrong("the key's own part is damaged");
  const std::optional<KeyAlgorithm> algorithm = AlgorithmOf(bytes->front());
  if (!algorithm) return Wrong("a key of an algorithm this program does not know");
  read.algorithm = *algorithm;
  read.key = bytes->substr(1);
  const size_t size = bytes->size();
  OPENSSL_cleanse(bytes->data(), size);
  return read;
}

std::string KeyTextOf(const KeyId& id, KeyAlgorithm algorithm, std::string_view key) {
  std::string bytes(1, static_cast<char>(algorithm));
  bytes.append(key);
  return StrCat(id.name, "+", absl::StrFormat("%08x", id.hash), "+", ToBase64(bytes));
}

}  // namespace

bool IsKeyName(std::string_view name) {
  if (name.empty() || !IsUtf8(name)) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<uint8_t>(name[i]);
    if (byte <= 0x20 || byte == 0x7f || byte == '+') return false;
    // The spaces of Unicode: U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F,
    // U+205F, U+3000.
    const std::string_view rest = name.substr(i);
    for (const std::string_view space :
         {"\u0085", "\u00a0", "\u1680", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"}) {
      if (rest.starts_with(space)) return false;
    }
    if (rest.starts_with("\xe2\x80") && rest.size() > 2 && static_cast<uint8_t>(rest[2]) <= 0x8a) {
      return false;
    }
  }
  return true;
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view text) {
  if (text.starts_with(kPrivatePrefix)) return Wrong("this is a private key; keep it secret");
  ASSIGN_OR_RETURN(KeyText read, ReadKeyText(text));
  if (read.id.hash != KeyHash(read.id.name, read.algorithm, read.key)) {
    return Wrong("the key's hash is not its own");
  }
  return VerifierKey{std::move(read.id), read.algorithm, std::move(read.key)};
}

std::string VerifierKey::ToText() const { return KeyTextOf(id, algorithm, public_key); }

absl::Status VerifyEd25519(std::string_view public_key, std::string_view message,
                           std::string_view signature) {
  const Key key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key), public_key.size()));
  const Context context(EVP_MD_CTX_new());
  if (key == nullptr || context == nullptr) return Wrong("the public key is damaged");
  if (signature.size() != kSignatureBytes ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                       message.size()) != 1) {
    return Wrong("the signature is wrong");
  }
  return absl::OkStatus();
}

SigningKey::~SigningKey() { OPENSSL_cleanse(seed_.data(), seed_.size()); }

absl::StatusOr<SigningKey> SigningKey::FromSeed(std::string_view name, KeyAlgorithm algorithm,
                                                std::string seed) {
  const Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed), seed.size()));
  std::string public_key(kKeyBytes, '\0');
  size_t size = public_key.size();
  if (key == nullptr ||
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(public_key.data()),
                                  &size) != 1) {
    return Wrong("the private key is damaged");
  }
  VerifierKey verifier{
      {std::string(name), KeyHash(name, algorithm, public_key)}, algorithm, std::move(public_key)};
  return SigningKey(std::move(seed), std::move(verifier));
}

absl::StatusOr<SigningKey> SigningKey::Parse(std::string_view text) {
  if (!text.starts_with(kPrivatePrefix)) {
    return Wrong("a private key has the form PRIVATE+KEY+NAME+HASH+BASE64");
  }
  ASSIGN_OR_RETURN(KeyText read, ReadKeyText(text.substr(kPrivatePrefix.size())));
  ASSIGN_OR_RETURN(SigningKey key, FromSeed(read.id.name, read.algorithm, std::move(read.key)));
  if (key.verifier_.id.hash != read.id.hash) return Wrong("the key's hash is not its own");
  return key;
}

absl::StatusOr<SigningKey> SigningKey::Generate(std::string_view name, KeyAlgorithm algorithm,
                                                RandomSource& random) {
  if (!IsKeyName(name)) return Wrong("a key's name has no spaces and no +, and is not empty");
  std::string seed(kKeyBytes, '\0');
  random.Fill(reinterpret_cast<uint8_t*>(seed.data()), seed.size());
  return FromSeed(name, algorithm, std::move(seed));
}

std::string SigningKey::ToText() const {
  return StrCat(kPrivatePrefix, KeyTextOf(verifier_.id, verifier_.algorithm, seed_));
}

std::string SigningKey::Sign(std::string_view message) const {
  const Key key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed_), seed_.size()));
  const Context context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  if (key == nullptr || context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Bytes(message), message.size()) != 1) {
    return std::string(kSignatureBytes, '\0');  // verifies under no key
  }
  return signature;
}

}  // namespace caseledger::eventstore
