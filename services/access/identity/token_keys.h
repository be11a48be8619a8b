// The public keys that tokens are checked with: JSON Web Key Sets (RFC 7517) of Ed25519 (RFC 8037),
// P-256 and RSA keys.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/access/identity/openssl_types.h"

namespace caseledger::access {

// Signatures of tokens, by the names of RFC 7518 and RFC 8037. There are no others, `none` least of
// all.
enum class TokenAlgorithm : uint8_t {
  kEdDsa,  // `EdDSA`, with Ed25519 alone
  kEs256,  // `ES256`
  kRs256,  // `RS256`, keys of 2048 to 8192 bits
};
std::optional<TokenAlgorithm> TokenAlgorithmOf(std::string_view name);

struct TokenKey {
  TokenAlgorithm algorithm = TokenAlgorithm::kEdDsa;
  std::shared_ptr<EVP_PKEY> key;
};

// Whether the key made the signature, in the form that JWS gives it. False for one of another size.
bool VerifiesSignature(const TokenKey& key, std::string_view signed_text,
                       std::string_view signature);

// Immutable once filled; then thread-safe.
class TokenKeys {
 public:
  static constexpr size_t kMaxFileBytes = 256 << 10;
  static constexpr size_t kMaxKeys = 64;

  // Adds the keys of one file that are for checking signatures of a known algorithm; others are
  // left out, as RFC 7517 says.
  //
  // INVALID_ARGUMENT  no key set; none of its keys is for tokens; a key without an id, with that of
  //                   another, or that is broken, too short, or private; too many
  absl::Status Add(std::string_view json);

  // Null when there is no key of that id.
  const TokenKey* Find(std::string_view id) const;
  size_t size() const { return keys_.size(); }

 private:
  std::map<std::string, TokenKey, std::less<>> keys_;
};

}  // namespace caseledger::access
