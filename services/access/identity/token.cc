#include "services/access/identity/token.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/access/call.h"
#include "services/access/identity/keys.h"
#include "services/access/identity/strict_json.h"

namespace caseledger::access {
namespace {

using Json = nlohmann::json;

// 9999-12-31: nothing that a clock could reach, and far from where microseconds overflow.
constexpr double kLastSecond = 253'402'300'799.0;
// Members that would have us trust what the token itself brings, or that change what is signed.
constexpr std::array kForbiddenMembers = {"crit", "b64", "cty", "zip", "jwk", "jku", "x5c", "x5u"};

absl::Status Invalid(std::string_view why) {
  return absl::UnauthenticatedError(
      StrCat("TOKEN_INVALID: the token is not good: ", why, "; sign in again"));
}

// Header, payload and signature as they stand in the token.
struct Parts {
  std::string_view signed_text;  // header.payload
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

std::optional<Parts> Split(std::string_view token) {
  const size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return Parts{token.substr(0, second), token.substr(0, first),
               token.substr(first + 1, second - first - 1), token.substr(second + 1)};
}

std::optional<Json> ObjectIn(std::string_view base64url) {
  const std::optional<std::string> text = DecodeBase64Url(base64url);
  return text ? ParseObject(*text) : std::nullopt;
}

bool IsTokenType(std::string type) {
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return type == "jwt" || type == "at+jwt" || type == "application/at+jwt";
}

// The key that the header names, of just the algorithm that it names.
absl::StatusOr<const TokenKey*> KeyFor(const Json& header, const TokenKeys& keys) {
  for (const char* member : kForbiddenMembers) {
    if (header.contains(member)) return Invalid("its header asks for what is not allowed");
  }
  if (header.contains("typ") && !IsTokenType(TextOf(header, "typ").value_or(""))) {
    return Invalid("it is of another type");
  }
  const std::optional<TokenAlgorithm> algorithm =
      TokenAlgorithmOf(TextOf(header, "alg").value_or(""));
  if (!algorithm) return Invalid("its algorithm is none of EdDSA, ES256, RS256");
  const TokenKey* key = keys.Find(TextOf(header, "kid").value_or(""));
  if (key == nullptr) return Invalid("its key is not known here");
  if (key->algorithm != *algorithm) return Invalid("its key is for another algorithm");
  return key;
}

// A NumericDate; nullopt when it is not one that lies between 1970 and 9999.
std::optional<Micros> TimeOf(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  const double seconds = value.get<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kLastSecond) return std::nullopt;
  if (value.is_number_integer()) return value.get<int64_t>() * kMicrosPerSecond;
  return static_cast<Micros>(seconds * static_cast<double>(kMicrosPerSecond));
}

absl::Status TakeTimes(const Json& payload, TokenClaims& claims) {
  const std::optional<Micros> expires =
      payload.contains("exp") ? TimeOf(payload.at("exp")) : std::nullopt;
  if (!expires) return Invalid("it does not say when it expires");
  claims.expires_at = *expires;
  for (const char* name : {"nbf", "iat"}) {
    if (!payload.contains(name)) continue;
    const std::optional<Micros> time = TimeOf(payload.at(name));
    if (!time) return Invalid("one of its times is none");
    claims.valid_from = std::max(claims.valid_from, *time);
  }
  return absl::OkStatus();
}

// `aud` is one text or a list of them.
bool IsFor(const Json& payload, const std::string& audience) {
  const auto member = payload.find("aud");
  if (member == payload.end()) return false;
  if (member->is_string()) return *member == audience;
  if (!member->is_array()) return false;
  return std::all_of(member->begin(), member->end(),
                     [](const Json& one) { return one.is_string(); }) &&
         std::any_of(member->begin(), member->end(),
                     [&](const Json& one) { return one == audience; });
}

absl::Status CheckAddress(const Json& payload, const TokenExpectations& expected) {
  if (TextOf(payload, "iss") != expected.issuer) {
    return absl::UnauthenticatedError(
        "TOKEN_OF_OTHER_ISSUER: the token is not from the identity provider of this server "
        "(--token-issuer)");
  }
  if (!IsFor(payload, expected.audience)) {
    return absl::UnauthenticatedError(
        "TOKEN_FOR_OTHER_AUDIENCE: the token is not made for this server (--token-audience)");
  }
  return absl::OkStatus();
}

absl::Status TakeNames(const Json& payload, TokenClaims& claims) {
  claims.person = TextOf(payload, "sub").value_or("");
  if (!IsNameKey(claims.person)) {
    return Invalid("its subject is not 1 to 64 of A-Z a-z 0-9 . _ - @ : /");
  }
  if (claims.person == kProgramActor) return Invalid("its subject is the name of programs");
  if (!payload.contains("agency")) {
    return absl::UnauthenticatedError(
        "AGENCY_MISSING: the token does not say for which agency the person works");
  }
  claims.agency = TextOf(payload, "agency").value_or("");
  if (!IsAgencyKey(claims.agency) || claims.agency == kServerAgency) {
    return Invalid("its agency is none");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TokenClaims> ReadToken(std::string_view token, const TokenKeys& keys,
                                      const TokenExpectations& expected) {
  if (token.size() > kMaxTokenBytes) return Invalid("it is larger than 8 KiB");
  const std::optional<Parts> parts = Split(token);
  if (!parts) return Invalid("it has not three parts");
  const std::optional<Json> header = ObjectIn(parts->header);
  if (!header) return Invalid("its header cannot be read");
  ASSIGN_OR_RETURN(const TokenKey* key, KeyFor(*header, keys));
  const std::optional<std::string> signature = DecodeBase64Url(parts->signature);
  if (!signature || !VerifiesSignature(*key, parts->signed_text, *signature)) {
    return Invalid("its signature is wrong");
  }
  const std::optional<Json> payload = ObjectIn(parts->payload);
  if (!payload) return Invalid("its claims cannot be read");
  TokenClaims claims;
  RETURN_IF_ERROR(CheckAddress(*payload, expected));
  RETURN_IF_ERROR(TakeTimes(*payload, claims));
  RETURN_IF_ERROR(TakeNames(*payload, claims));
  return claims;
}

absl::Status CheckTimes(const TokenClaims& claims, Micros now) {
  if (now >= claims.expires_at + kClockSkew) {
    return absl::UnauthenticatedError("TOKEN_EXPIRED: the token has expired; sign in again");
  }
  if (now < claims.valid_from - kClockSkew) {
    return absl::UnauthenticatedError(
        "TOKEN_NOT_YET_VALID: the token is not valid yet; check the clocks");
  }
  return absl::OkStatus();
}

}  // namespace caseledger::access
