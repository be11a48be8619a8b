// An identity provider for tests: signs any token, also what no honest one would.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "services/access/identity/openssl_types.h"

namespace caseledger::testing {

inline constexpr char kTestIssuer[] = "https://login.test";
inline constexpr char kTestAudience[] = "caseledger-test";

// Base64url without padding.
std::string ToBase64Url(const std::string& bytes);

// Claims that a server of these tests lets in, whatever its clock says.
nlohmann::json GoodClaims(const std::string& agency, const std::string& person);

// One key. `algorithm`: EdDSA, ES256, RS256. Not thread-safe.
class TokenSigner {
 public:
  explicit TokenSigner(std::string key_id, std::string algorithm = "EdDSA", int rsa_bits = 2048);

  // The public key, as it stands in a key set.
  nlohmann::json PublicKey() const;
  // `{"alg": ..., "kid": ..., "typ": "JWT"}`.
  nlohmann::json Header() const;
  std::string Sign(const nlohmann::json& claims) const { return Sign(Header(), claims); }
  std::string Sign(const nlohmann::json& header, const nlohmann::json& claims) const;
  // A token of these very texts.
  std::string SignTexts(const std::string& header, const std::string& claims) const;

 private:
  std::string Signature(const std::string& text) const;

  std::string key_id_;
  std::string algorithm_;
  access::KeyPtr key_;
};

// A key set (JWKS) of these keys.
std::string KeySetOf(const std::vector<nlohmann::json>& keys);

}  // namespace caseledger::testing
