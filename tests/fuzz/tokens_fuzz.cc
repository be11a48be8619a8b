// Tokens and key sets: whoever cannot sign never gets in, and who can gets in under names alone.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "services/access/call.h"
#include "services/access/identity/keys.h"
#include "services/access/identity/strict_json.h"
#include "services/access/identity/token.h"
#include "services/access/identity/token_keys.h"
#include "tests/fuzz/support/check.h"
#include "tests/support/test_tokens.h"

namespace caseledger::fuzz {
namespace {

using access::TokenClaims;
using access::TokenKeys;
using testing::TokenSigner;

constexpr size_t kShortestSecret = 6;

const TokenSigner& Signer() {
  static const auto& signer = *new TokenSigner("key");
  return signer;
}

const TokenKeys& Keys() {
  static const auto& keys = *[] {
    auto* made = new TokenKeys;
    Check(made->Add(testing::KeySetOf({Signer().PublicKey()})).ok(), "the key set is good");
    return made;
  }();
  return keys;
}

absl::StatusOr<TokenClaims> Read(const std::string& token) {
  return access::ReadToken(token, Keys(), {testing::kTestIssuer, testing::kTestAudience});
}

void CheckRefusal(const absl::Status& status, const std::string& secret) {
  Check(absl::IsUnauthenticated(status), "a bad token is not let in");
  const std::string message(status.message());
  bool known = false;
  for (const char* reason : {"TOKEN_INVALID: ", "TOKEN_OF_OTHER_ISSUER: ",
                             "TOKEN_FOR_OTHER_AUDIENCE: ", "AGENCY_MISSING: "}) {
    known = known || message.starts_with(reason);
  }
  Check(known, "a refusal has a known reason");
  // Shorter ones may be words of the sentence.
  Check(secret.size() < kShortestSecret || message.find(secret) == std::string::npos,
        "a refusal quotes nothing");
}

// Text that is no token of ours: nobody can find a signature.
void CheckUnsigned(const std::string& token) {
  const auto claims = Read(token);
  Check(!claims.ok(), "nobody gets in without the key");
  CheckRefusal(claims.status(), token);
}

void CheckSigned(const std::string& header, const std::string& text) {
  const auto claims = Read(Signer().SignTexts(header, text));
  const auto said = access::ParseObject(text);
  const std::string person = said ? access::TextOf(*said, "sub").value_or("") : "";
  if (!claims.ok()) return CheckRefusal(claims.status(), person);
  Check(said.has_value(), "only an object has claims");
  Check(claims->person == person && access::IsNameKey(person), "the person is named by a key");
  Check(person != access::kProgramActor, "nobody is called as programs are");
  Check(access::IsAgencyKey(claims->agency) && claims->agency != access::kServerAgency,
        "the agency is named by a key and not the server");
  Check(access::TextOf(*said, "iss") == testing::kTestIssuer, "the issuer is ours");
  Check(claims->expires_at >= 0 && claims->valid_from >= 0, "times lie after 1970");
  const Micros end = claims->expires_at + access::kClockSkew;
  Check(!access::CheckTimes(*claims, end).ok(), "every token ends");
}

void CheckKeySet(std::string_view text) {
  TokenKeys keys;
  const absl::Status added = keys.Add(text);
  if (!added.ok()) return Check(absl::IsInvalidArgument(added), "a bad key set is refused");
  Check(keys.size() >= 1 && keys.size() <= TokenKeys::kMaxKeys, "keys are bounded");
  const auto set = access::ParseObject(text);
  Check(set.has_value(), "only an object is a key set");
  for (const auto& key : set->at("keys")) {
    const access::TokenKey* found = keys.Find(access::TextOf(key, "kid").value_or(""));
    if (found == nullptr) continue;
    Check(!access::VerifiesSignature(*found, "text", std::string(64, '\0')),
          "zeros are no signature");
  }
}

void CheckBase64Url(std::string_view text) {
  const auto bytes = access::DecodeBase64Url(text);
  if (bytes) Check(testing::ToBase64Url(*bytes) == text, "bytes have one text");
}

}  // namespace
}  // namespace caseledger::fuzz

// The first byte chooses: a token, claims to sign, header and claims to sign (a line each), a key
// set.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t line = text.find('\n');
  switch (data[0] % 4) {
    case 0:
      fuzz::CheckBase64Url(text);
      fuzz::CheckUnsigned(text);
      break;
    case 1:
      fuzz::CheckSigned(fuzz::Signer().Header().dump(), text);
      break;
    case 2:
      if (line != std::string::npos) fuzz::CheckSigned(text.substr(0, line), text.substr(line + 1));
      break;
    default:
      fuzz::CheckKeySet(text);
  }
  return 0;
}
