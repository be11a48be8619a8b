#include "tests/support/test_tokens.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "tests/support/test_authority.h"

namespace caseledger::testing {
namespace {

using Json = nlohmann::json;
using access::BignumPtr;
using access::DigestContextPtr;
using access::KeyPtr;
using access::SignaturePtr;

constexpr int kP256Bytes = 32;

void Must(bool done) {
  if (!done) std::abort();
}

KeyPtr NewKey(const std::string& algorithm, int rsa_bits) {
  KeyPtr key;
  if (algorithm == "EdDSA") key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (algorithm == "ES256") key.reset(EVP_EC_gen("P-256"));
  if (algorithm == "RS256") key.reset(EVP_RSA_gen(static_cast<size_t>(rsa_bits)));
  Must(key != nullptr);
  return key;
}

std::string NumberOf(EVP_PKEY* key, const char* name, int bytes) {
  BIGNUM* number = nullptr;
  Must(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  const BignumPtr owner(number);
  std::string text(static_cast<size_t>(bytes == 0 ? BN_num_bytes(number) : bytes), '\0');
  Must(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()),
                    static_cast<int>(text.size())) >= 0);
  return ToBase64Url(text);
}

// r and s of 32 bytes each, as JWS wants them.
std::string FromDer(const std::string& der) {
  const unsigned char* at = access::Bytes(der);
  const SignaturePtr pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::array<unsigned char, 2 * kP256Bytes> both{};
  Must(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), both.data(), kP256Bytes) == kP256Bytes);
  Must(BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), both.data() + kP256Bytes, kP256Bytes) ==
       kP256Bytes);
  return {reinterpret_cast<const char*>(both.data()), both.size()};
}

}  // namespace

std::string ToBase64Url(const std::string& bytes) {
  std::string text = absl::WebSafeBase64Escape(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

Json GoodClaims(const std::string& agency, const std::string& person) {
  return {{"iss", kTestIssuer}, {"aud", kTestAudience}, {"sub", person},
          {"agency", agency},   {"iat", kLongAgo},      {"exp", kFarAhead}};
}

TokenSigner::TokenSigner(std::string key_id, std::string algorithm, int rsa_bits)
    : key_id_(std::move(key_id)),
      algorithm_(std::move(algorithm)),
      key_(NewKey(algorithm_, rsa_bits)) {}

Json TokenSigner::PublicKey() const {
  Json key = {{"kid", key_id_}, {"alg", algorithm_}, {"use", "sig"}};
  if (algorithm_ == "EdDSA") {
    std::array<unsigned char, 32> raw{};
    size_t size = raw.size();
    Must(EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size) == 1);
    key["kty"] = "OKP";
    key["crv"] = "Ed25519";
    key["x"] = ToBase64Url({reinterpret_cast<const char*>(raw.data()), size});
  } else if (algorithm_ == "ES256") {
    key["kty"] = "EC";
    key["crv"] = "P-256";
    key["x"] = NumberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, kP256Bytes);
    key["y"] = NumberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, kP256Bytes);
  } else {
    key["kty"] = "RSA";
    key["n"] = NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0);
    key["e"] = NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0);
  }
  return key;
}

Json TokenSigner::Header() const { return {{"alg", algorithm_}, {"kid", key_id_}, {"typ", "JWT"}}; }

std::string TokenSigner::Signature(const std::string& text) const {
  const DigestContextPtr context(EVP_MD_CTX_new());
  Must(EVP_DigestSignInit_ex(context.get(), nullptr, algorithm_ == "EdDSA" ? nullptr : "SHA256",
                             nullptr, nullptr, key_.get(), nullptr) == 1);
  size_t size = 0;
  Must(EVP_DigestSign(context.get(), nullptr, &size, access::Bytes(text), text.size()) == 1);
  std::string signature(size, '\0');
  Must(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                      access::Bytes(text), text.size()) == 1);
  signature.resize(size);
  return algorithm_ == "ES256" ? FromDer(signature) : signature;
}

std::string TokenSigner::Sign(const Json& header, const Json& claims) const {
  return SignTexts(header.dump(), claims.dump());
}

std::string TokenSigner::SignTexts(const std::string& header, const std::string& claims) const {
  const std::string text = ToBase64Url(header) + "." + ToBase64Url(claims);
  return text + "." + ToBase64Url(Signature(text));
}

std::string KeySetOf(const std::vector<Json>& keys) { return Json{{"keys", keys}}.dump(); }

}  // namespace caseledger::testing
