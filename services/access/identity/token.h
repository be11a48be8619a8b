// A person's bearer token: a JSON Web Token (RFC 7519) in the compact form of RFC 7515.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "services/access/identity/token_keys.h"

namespace caseledger::access {

inline constexpr size_t kMaxTokenBytes = 8 << 10;
// How far clocks of ours and of the identity provider may be apart.
inline constexpr Micros kClockSkew = 60 * kMicrosPerSecond;

// What a token must say of itself.
struct TokenExpectations {
  std::string issuer;
  std::string audience;
};

struct TokenClaims {
  std::string person;  // `sub`
  std::string agency;
  Micros expires_at = 0;
  Micros valid_from = 0;  // the later of `nbf` and `iat`; 0 when it says neither
};

// Checks everything that does not depend on the time: form, algorithm, key, signature, issuer,
// audience, the names. Nothing is taken from the token's header but which of `keys` to use.
//
// UNAUTHENTICATED, quoting nothing of the token:
//   TOKEN_INVALID            its form, algorithm, key or signature; a claim that is absent or odd
//   TOKEN_OF_OTHER_ISSUER    `iss`
//   TOKEN_FOR_OTHER_AUDIENCE `aud`
//   AGENCY_MISSING           it has no `agency`
absl::StatusOr<TokenClaims> ReadToken(std::string_view token, const TokenKeys& keys,
                                      const TokenExpectations& expected);

// UNAUTHENTICATED TOKEN_EXPIRED, TOKEN_NOT_YET_VALID
absl::Status CheckTimes(const TokenClaims& claims, Micros now);

}  // namespace caseledger::access
