#include "services/access/identity/token.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/test_tokens.h"

namespace caseledger::access {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using testing::GoodClaims;
using testing::KeySetOf;
using testing::kTestAudience;
using testing::kTestIssuer;
using testing::ToBase64Url;
using testing::TokenSigner;

class Tokens : public ::testing::Test {
 protected:
  Tokens() {
    EXPECT_TRUE(
        keys_.Add(KeySetOf({signer_.PublicKey(), es256_.PublicKey(), rs256_.PublicKey()})).ok());
  }
  absl::StatusOr<TokenClaims> Read(const std::string& token) {
    return ReadToken(token, keys_, {kTestIssuer, kTestAudience});
  }
  // Must be refused with this reason; and let in again once the defect is undone.
  void ExpectRefused(const std::string& token, const std::string& reason,
                     const std::string& why = "") {
    const auto read = Read(token);
    EXPECT_TRUE(absl::IsUnauthenticated(read.status())) << reason << " " << why;
    const std::string message(read.status().message());
    EXPECT_THAT(message, HasSubstr(reason + ": "));
    EXPECT_THAT(message, HasSubstr(why));
    EXPECT_THAT(message, Not(HasSubstr("nv-07"))) << "names stay out of errors";
  }
  void ExpectClaimRefused(const char* name, const Json& value, const std::string& reason,
                          const std::string& why = "") {
    Json claims = GoodClaims("ctxh-qn", "nv-07");
    if (value.is_discarded()) {
      claims.erase(name);
    } else {
      claims[name] = value;
    }
    SCOPED_TRACE(claims.dump(-1, ' ', false, Json::error_handler_t::replace));
    ExpectRefused(signer_.Sign(claims), reason, why);
  }
  void ExpectHeaderRefused(const char* name, const Json& value, const std::string& why) {
    Json header = signer_.Header();
    header[name] = value;
    SCOPED_TRACE(header.dump());
    ExpectRefused(signer_.Sign(header, GoodClaims("ctxh-qn", "nv-07")), "TOKEN_INVALID", why);
  }
  const Json kAbsent = Json(Json::value_t::discarded);

  TokenSigner signer_{"ed"};
  TokenSigner es256_{"es", "ES256"};
  TokenSigner rs256_{"rs", "RS256"};
  TokenKeys keys_;
};

TEST_F(Tokens, OfEachAlgorithmSayWhoIsAtWork) {
  for (const TokenSigner* signer : {&signer_, &es256_, &rs256_}) {
    const auto claims = Read(signer->Sign(GoodClaims("ctxh-qn", "nv-07")));
    ASSERT_TRUE(claims.ok()) << claims.status();
    EXPECT_EQ(claims->person, "nv-07");
    EXPECT_EQ(claims->agency, "ctxh-qn");
    EXPECT_EQ(claims->expires_at,
              testing::GoodClaims("", "")["exp"].get<int64_t>() * kMicrosPerSecond);
  }
}

TEST_F(Tokens, AnotherKeysSignatureIsRefused) {
  const TokenSigner impostor("ed");
  ExpectRefused(impostor.Sign(GoodClaims("ctxh-qn", "nv-07")), "TOKEN_INVALID", "signature");
  const TokenSigner unknown("unknown");
  ExpectRefused(unknown.Sign(GoodClaims("ctxh-qn", "nv-07")), "TOKEN_INVALID", "not known");
}

TEST_F(Tokens, EveryChangedCharacterIsNoticed) {
  const std::string token = signer_.Sign(GoodClaims("ctxh-qn", "nv-07"));
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(Read(changed).ok()) << i;
  }
  ASSERT_TRUE(Read(token).ok());
}

TEST_F(Tokens, TheHeaderChoosesNothing) {
  const Json claims = GoodClaims("ctxh-qn", "nv-07");
  for (const char* algorithm : {"none", "None", "NONE", "HS256", "RS384", "PS256", "ES256K", ""}) {
    ExpectHeaderRefused("alg", algorithm, "algorithm");
  }
  ExpectHeaderRefused("alg", 1, "algorithm");
  ExpectHeaderRefused("alg", "ES256", "another algorithm");
  ExpectHeaderRefused("alg", "RS256", "another algorithm");
  ExpectHeaderRefused("kid", "es", "another algorithm");
  ExpectHeaderRefused("kid", 1, "not known");
  ExpectHeaderRefused("jwk", signer_.PublicKey(), "not allowed");
  ExpectHeaderRefused("jku", "https://evil.example.org/keys", "not allowed");
  ExpectHeaderRefused("x5u", "https://evil.example.org/cert", "not allowed");
  ExpectHeaderRefused("x5c", Json::array({"MIIB"}), "not allowed");
  ExpectHeaderRefused("crit", Json::array({"exp"}), "not allowed");
  ExpectHeaderRefused("crit", Json::array(), "not allowed");
  ExpectHeaderRefused("b64", false, "not allowed");
  ExpectHeaderRefused("zip", "DEF", "not allowed");
  ExpectHeaderRefused("cty", "JWT", "not allowed");
  ExpectHeaderRefused("typ", "logout+jwt", "another type");
  ExpectHeaderRefused("typ", 1, "another type");
  Json header = signer_.Header();
  header.erase("kid");
  ExpectRefused(signer_.Sign(header, claims), "TOKEN_INVALID", "not known");
  for (const char* type : {"JWT", "jwt", "at+jwt", "application/at+jwt"}) {
    header = signer_.Header();
    header["typ"] = type;
    EXPECT_TRUE(Read(signer_.Sign(header, claims)).ok()) << type;
  }
  header.erase("typ");
  EXPECT_TRUE(Read(signer_.Sign(header, claims)).ok());
}

// RFC 7519, section 6.1 and RFC 8725, section 2.1: unsecured tokens, and a public key taken for a
// secret.
TEST_F(Tokens, WithoutASignatureAreRefused) {
  const std::string claims = ToBase64Url(GoodClaims("ctxh-qn", "nv-07").dump());
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"none","kid":"ed"})", R"({"alg":"EdDSA","kid":"ed"})"}) {
    ExpectRefused(ToBase64Url(header) + "." + claims + ".", "TOKEN_INVALID");
    ExpectRefused(ToBase64Url(header) + "." + claims, "TOKEN_INVALID", "three parts");
  }
}

TEST_F(Tokens, TheFormIsStrict) {
  const std::string good = signer_.Sign(GoodClaims("ctxh-qn", "nv-07"));
  for (const std::string& odd :
       {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), good + ".",
        good + ".x", "." + good, good + "=", " " + good, good + "\n"}) {
    ExpectRefused(odd, "TOKEN_INVALID");
  }
  ExpectRefused(std::string(kMaxTokenBytes + 1, 'a'), "TOKEN_INVALID", "8 KiB");
  const std::string header = signer_.Header().dump();
  ExpectRefused(signer_.SignTexts(header, "[]"), "TOKEN_INVALID", "claims cannot be read");
  ExpectRefused(signer_.SignTexts(header, ""), "TOKEN_INVALID", "claims cannot be read");
  std::string twice = GoodClaims("ctxh-qn", "nv-07").dump();
  twice.insert(1, R"("agency":"bv-qn",)");
  ExpectRefused(signer_.SignTexts(header, twice), "TOKEN_INVALID", "claims cannot be read");
  std::string header_twice = header;
  header_twice.insert(1, R"("alg":"none",)");
  ExpectRefused(signer_.SignTexts(header_twice, GoodClaims("a", "b").dump()), "TOKEN_INVALID",
                "header cannot be read");
}

TEST_F(Tokens, EachWrongClaimIsRefused) {
  ExpectClaimRefused("iss", kAbsent, "TOKEN_OF_OTHER_ISSUER");
  ExpectClaimRefused("iss", "https://login.test/", "TOKEN_OF_OTHER_ISSUER");
  ExpectClaimRefused("iss", Json::array({kTestIssuer}), "TOKEN_OF_OTHER_ISSUER");
  ExpectClaimRefused("aud", kAbsent, "TOKEN_FOR_OTHER_AUDIENCE");
  ExpectClaimRefused("aud", "another", "TOKEN_FOR_OTHER_AUDIENCE");
  ExpectClaimRefused("aud", Json::array(), "TOKEN_FOR_OTHER_AUDIENCE");
  ExpectClaimRefused("aud", Json::array({"another"}), "TOKEN_FOR_OTHER_AUDIENCE");
  ExpectClaimRefused("aud", Json::array({kTestAudience, 1}), "TOKEN_FOR_OTHER_AUDIENCE");
  ExpectClaimRefused("exp", kAbsent, "TOKEN_INVALID", "when it expires");
  for (const Json& no_time : {Json("4102444800"), Json(-1), Json(1e300), Json(nullptr), Json(true),
                              Json(253'402'300'800), Json(18'446'744'073'709'551'615U)}) {
    ExpectClaimRefused("exp", no_time, "TOKEN_INVALID", "when it expires");
    ExpectClaimRefused("nbf", no_time, "TOKEN_INVALID", "times");
    ExpectClaimRefused("iat", no_time, "TOKEN_INVALID", "times");
  }
  for (const Json& no_name : {kAbsent, Json(""), Json("a b"), Json("Hòa"), Json(1),
                              Json(std::string(65, 'a')), Json("a\n")}) {
    ExpectClaimRefused("sub", no_name, "TOKEN_INVALID", "subject");
  }
  ExpectClaimRefused("sub", "service", "TOKEN_INVALID", "programs");
  ExpectClaimRefused("agency", kAbsent, "AGENCY_MISSING");
  for (const Json& none : {Json(""), Json("a:b"), Json(1), Json::array({"ctxh-qn"}), Json(nullptr),
                           Json("caseledger"), Json(std::string(65, 'a'))}) {
    ExpectClaimRefused("agency", none, "TOKEN_INVALID", "agency is none");
  }
}

TEST_F(Tokens, AudiencesMayBeAList) {
  Json claims = GoodClaims("ctxh-qn", "nv-07");
  claims["aud"] = {"another", kTestAudience};
  EXPECT_TRUE(Read(signer_.Sign(claims)).ok());
}

TEST_F(Tokens, TimesMayBeBroken) {
  Json claims = GoodClaims("ctxh-qn", "nv-07");
  claims["exp"] = 1000.5;
  claims["nbf"] = 10;
  claims["iat"] = 20.25;
  const auto read = Read(signer_.Sign(claims));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->expires_at, 1'000'500'000);
  EXPECT_EQ(read->valid_from, 20'250'000) << "the later of the two";
}

TEST_F(Tokens, AreGoodWithinTheirTimesAndAMinuteAround) {
  TokenClaims claims;
  claims.valid_from = 1000 * kMicrosPerSecond;
  claims.expires_at = 2000 * kMicrosPerSecond;
  const auto reason_at = [&](Micros now) {
    const std::string message(CheckTimes(claims, now).message());
    return message.substr(0, message.find(':'));
  };
  EXPECT_EQ(reason_at(940 * kMicrosPerSecond - 1), "TOKEN_NOT_YET_VALID");
  EXPECT_EQ(reason_at(940 * kMicrosPerSecond), "");
  EXPECT_EQ(reason_at(2060 * kMicrosPerSecond - 1), "");
  EXPECT_EQ(reason_at(2060 * kMicrosPerSecond), "TOKEN_EXPIRED");
}

}  // namespace
}  // namespace caseledger::access
