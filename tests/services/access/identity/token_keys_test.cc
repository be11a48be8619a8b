#include "services/access/identity/token_keys.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "services/access/identity/strict_json.h"
#include "tests/support/test_tokens.h"

namespace caseledger::access {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using testing::KeySetOf;
using testing::TokenSigner;

// The signed examples of RFC 7515, appendices A.2 and A.3, and of RFC 8037, appendix A.4.
struct Vector {
  const char* source;
  const char* key;  // with a key id added
  const char* signed_text;
  const char* signature;
};
const std::vector<Vector>& Vectors() {
  static const auto& vectors = *new std::vector<Vector>{
      {"RFC 7515 A.2",
       R"({"kid":"k","kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})",
       "eyJhbGciOiJSUzI1NiJ9."
       "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnV"
       "lfQ",
       "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
       "O8W2Fp5"
       "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
       "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
       "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
       "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
       "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
      {"RFC 7515 A.3",
       R"({"kid":"k","kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
       "eyJhbGciOiJFUzI1NiJ9."
       "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnV"
       "lfQ",
       "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
      {"RFC 8037 A.4",
       R"({"kid":"k","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
       "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
       "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
  };
  return vectors;
}

absl::Status Add(const Json& key) { return TokenKeys().Add(KeySetOf({key})); }

void ExpectRefused(const absl::Status& status, const std::string& why) {
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status << " " << why;
  EXPECT_THAT(std::string(status.message()), HasSubstr(why));
}

TEST(TokenKeys, TheExamplesOfTheStandardsVerify) {
  for (const Vector& vector : Vectors()) {
    TokenKeys keys;
    const absl::Status added = keys.Add(KeySetOf({Json::parse(vector.key)}));
    ASSERT_TRUE(added.ok()) << vector.source << added;
    const std::string signature = *DecodeBase64Url(vector.signature);
    EXPECT_TRUE(VerifiesSignature(*keys.Find("k"), vector.signed_text, signature)) << vector.source;
    EXPECT_FALSE(
        VerifiesSignature(*keys.Find("k"), std::string(vector.signed_text) + "x", signature));
    for (size_t i = 0; i < signature.size(); ++i) {
      std::string changed = signature;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      EXPECT_FALSE(VerifiesSignature(*keys.Find("k"), vector.signed_text, changed))
          << vector.source << " byte " << i;
    }
    for (const std::string& odd : {std::string(), signature.substr(1), signature + "x",
                                   std::string(signature.size(), '\0')}) {
      EXPECT_FALSE(VerifiesSignature(*keys.Find("k"), vector.signed_text, odd)) << vector.source;
    }
  }
}

TEST(TokenKeys, AKeyHasOneAlgorithm) {
  for (const char* algorithm : {"EdDSA", "ES256", "RS256"}) {
    Json key = TokenSigner("a", algorithm).PublicKey();
    key.erase("alg");
    key.erase("use");
    TokenKeys keys;
    ASSERT_TRUE(keys.Add(KeySetOf({key})).ok());
    EXPECT_EQ(keys.Find("a")->algorithm, TokenAlgorithmOf(algorithm)) << "from its type alone";
  }
  for (const char* none : {"none", "None", "HS256", "RS384", "PS256", "ES384", "eddsa", ""}) {
    EXPECT_FALSE(TokenAlgorithmOf(none).has_value()) << none;
  }
}

TEST(TokenKeys, KeysForSomethingElseAreLeftOut) {
  const Json good = TokenSigner("good").PublicKey();
  const auto changed = [&](const char* member, const Json& value) {
    Json key = TokenSigner("other").PublicKey();
    key[member] = value;
    return key;
  };
  for (const Json& other : {changed("use", "enc"), changed("use", 1), changed("alg", "ES256"),
                            changed("alg", "none"), changed("kty", "oct"), changed("crv", "X25519"),
                            changed("key_ops", {"sign"}), changed("key_ops", "verify")}) {
    TokenKeys keys;
    EXPECT_TRUE(keys.Add(KeySetOf({good, other})).ok());
    EXPECT_EQ(keys.size(), 1u) << other;
    ExpectRefused(Add(other), "no key that checks");
  }
  EXPECT_TRUE(Add(changed("key_ops", {"sign", "verify"})).ok());
}

TEST(TokenKeys, BrokenKeysAreRefused) {
  const auto changed = [](const char* algorithm, const char* member, const Json& value) {
    Json key = TokenSigner("a", algorithm).PublicKey();
    key[member] = value;
    return key;
  };
  const std::string zeros = testing::ToBase64Url(std::string(32, '\0'));
  ExpectRefused(Add(changed("EdDSA", "x", "AAAA")), "32 bytes");
  ExpectRefused(Add(changed("EdDSA", "x", 1)), "32 bytes");
  ExpectRefused(Add(changed("EdDSA", "x", "!!!!")), "32 bytes");
  ExpectRefused(Add(changed("ES256", "y", zeros)), "no point");
  ExpectRefused(Add(changed("ES256", "x", "AAAA")), "32 bytes");
  ExpectRefused(Add(changed("RS256", "n", "AQAB")), "2048");
  ExpectRefused(Add(changed("RS256", "e", "AQ")), "broken");
  ExpectRefused(Add(changed("RS256", "e", "AA")), "broken");
  ExpectRefused(Add(TokenSigner("a", "RS256", 1024).PublicKey()), "2048");
  ExpectRefused(Add(changed("EdDSA", "d", zeros)), "a private key");
  ExpectRefused(Add(changed("EdDSA", "kid", "")), "without an id");
  Json nameless = TokenSigner("a").PublicKey();
  nameless.erase("kid");
  ExpectRefused(Add(nameless), "without an id");
}

TEST(TokenKeys, SetsAreBoundedAndUnambiguous) {
  TokenKeys keys;
  ExpectRefused(keys.Add(""), "not a JSON Web Key Set");
  ExpectRefused(keys.Add("{}"), "not a JSON Web Key Set");
  ExpectRefused(keys.Add(R"({"keys":{}})"), "not a JSON Web Key Set");
  ExpectRefused(keys.Add(R"({"keys":[1]})"), "no object");
  ExpectRefused(keys.Add(R"({"keys":[]})"), "no key that checks");
  ExpectRefused(keys.Add(std::string(TokenKeys::kMaxFileBytes + 1, ' ')), "larger");
  const Json one = TokenSigner("same").PublicKey();
  const Json two = TokenSigner("same").PublicKey();
  ExpectRefused(keys.Add(KeySetOf({one, two})), "two keys of one id");
  std::vector<Json> many;
  for (int i = 0; i < 65; ++i) many.push_back(TokenSigner(std::to_string(i)).PublicKey());
  ExpectRefused(TokenKeys().Add(KeySetOf(many)), "more than 64");
  TokenKeys full;
  many.pop_back();
  ASSERT_TRUE(full.Add(KeySetOf(many)).ok());
  ExpectRefused(full.Add(KeySetOf({TokenSigner("x").PublicKey()})), "in all files");
}

}  // namespace
}  // namespace caseledger::access
