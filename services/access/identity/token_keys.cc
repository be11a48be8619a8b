#include "services/access/identity/token_keys.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/access/identity/strict_json.h"

namespace caseledger::access {
namespace {

using Json = nlohmann::json;
using ParametersPtr = std::unique_ptr<OSSL_PARAM, OpenSslDeleter<OSSL_PARAM_free>>;
using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, OpenSslDeleter<OSSL_PARAM_BLD_free>>;

constexpr size_t kEd25519Bytes = 32;
constexpr size_t kP256Bytes = 32;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;
constexpr int kMaxExponentBits = 33;
constexpr size_t kMaxKeyIdBytes = 256;

absl::Status Refused(std::string_view why) { return absl::InvalidArgumentError(std::string(why)); }

std::optional<std::string> BytesOf(const Json& key, const char* name) {
  const std::optional<std::string> text = TextOf(key, name);
  return text ? DecodeBase64Url(*text) : std::nullopt;
}

KeyPtr FromParameters(const char* type, OSSL_PARAM_BLD* builder) {
  const ParametersPtr parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return KeyPtr(key);
}

absl::StatusOr<KeyPtr> Ed25519KeyOf(const Json& json) {
  const std::optional<std::string> x = BytesOf(json, "x");
  if (!x || x->size() != kEd25519Bytes) return Refused("an Ed25519 key whose x has not 32 bytes");
  KeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(*x), x->size()));
  if (key == nullptr) return Refused("an Ed25519 key that is broken");
  return key;
}

absl::StatusOr<KeyPtr> P256KeyOf(const Json& json) {
  const std::optional<std::string> x = BytesOf(json, "x");
  const std::optional<std::string> y = BytesOf(json, "y");
  if (!x || !y || x->size() != kP256Bytes || y->size() != kP256Bytes) {
    return Refused("a P-256 key whose x and y have not 32 bytes each");
  }
  const std::string point = StrCat("\x04", *x, *y);
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  KeyPtr key = FromParameters("EC", builder.get());
  if (key == nullptr) return Refused("a P-256 key that is no point of the curve");
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (EVP_PKEY_public_check(context.get()) != 1) return Refused("a P-256 key that is broken");
  return key;
}

absl::StatusOr<KeyPtr> RsaKeyOf(const Json& json) {
  const std::optional<std::string> modulus = BytesOf(json, "n");
  const std::optional<std::string> exponent = BytesOf(json, "e");
  if (!modulus || !exponent || modulus->size() > kMaxRsaBits / 8 + 1 ||
      exponent->size() > kMaxExponentBits / 8 + 1) {
    return Refused("an RSA key whose n or e is absent or too long");
  }
  const BignumPtr n(BN_bin2bn(Bytes(*modulus), static_cast<int>(modulus->size()), nullptr));
  const BignumPtr e(BN_bin2bn(Bytes(*exponent), static_cast<int>(exponent->size()), nullptr));
  if (BN_num_bits(n.get()) < kMinRsaBits || BN_num_bits(n.get()) > kMaxRsaBits) {
    return Refused(StrCat("an RSA key that has not ", kMinRsaBits, " to ", kMaxRsaBits, " bits"));
  }
  if (BN_is_odd(n.get()) == 0 || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) != 0 ||
      BN_num_bits(e.get()) > kMaxExponentBits) {
    return Refused("an RSA key that is broken");
  }
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  KeyPtr key = FromParameters("RSA", builder.get());
  if (key == nullptr) return Refused("an RSA key that is broken");
  return key;
}

// The algorithm that a key of this type and curve is for; nullopt: none of ours.
std::optional<TokenAlgorithm> AlgorithmFor(const Json& json) {
  const std::string type = TextOf(json, "kty").value_or("");
  const std::string curve = TextOf(json, "crv").value_or("");
  if (type == "OKP" && curve == "Ed25519") return TokenAlgorithm::kEdDsa;
  if (type == "EC" && curve == "P-256") return TokenAlgorithm::kEs256;
  if (type == "RSA") return TokenAlgorithm::kRs256;
  return std::nullopt;
}

// Whether the key says itself that it is for something else.
bool IsForOther(const Json& json, TokenAlgorithm algorithm) {
  if (json.contains("use") && TextOf(json, "use") != "sig") return true;
  if (json.contains("alg") && TokenAlgorithmOf(TextOf(json, "alg").value_or("")) != algorithm) {
    return true;
  }
  const auto operations = json.find("key_ops");
  if (operations == json.end()) return false;
  if (!operations->is_array()) return true;
  for (const Json& operation : *operations) {
    if (operation == "verify") return false;
  }
  return true;
}

absl::StatusOr<KeyPtr> KeyOf(const Json& json, TokenAlgorithm algorithm) {
  switch (algorithm) {
    case TokenAlgorithm::kEdDsa:
      return Ed25519KeyOf(json);
    case TokenAlgorithm::kEs256:
      return P256KeyOf(json);
    case TokenAlgorithm::kRs256:
      break;
  }
  return RsaKeyOf(json);
}

// An ECDSA signature of JWS is r and s of 32 bytes each; OpenSSL wants them in DER.
std::string DerSignature(std::string_view signature) {
  if (signature.size() != 2 * kP256Bytes) return "";
  BignumPtr r(BN_bin2bn(Bytes(signature), kP256Bytes, nullptr));
  BignumPtr s(BN_bin2bn(Bytes(signature.substr(kP256Bytes)), kP256Bytes, nullptr));
  const SignaturePtr pair(ECDSA_SIG_new());
  ECDSA_SIG_set0(pair.get(), r.release(), s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return "";
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

std::optional<TokenAlgorithm> TokenAlgorithmOf(std::string_view name) {
  if (name == "EdDSA") return TokenAlgorithm::kEdDsa;
  if (name == "ES256") return TokenAlgorithm::kEs256;
  if (name == "RS256") return TokenAlgorithm::kRs256;
  return std::nullopt;
}

bool VerifiesSignature(const TokenKey& key, std::string_view signed_text,
                       std::string_view signature) {
  const ErrorScope errors;
  std::string der;
  if (key.algorithm == TokenAlgorithm::kEs256) {
    der = DerSignature(signature);
    signature = der;
  }
  if (signature.empty()) return false;
  const char* digest = key.algorithm == TokenAlgorithm::kEdDsa ? nullptr : "SHA256";
  const DigestContextPtr context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key.key.get(),
                                 nullptr) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(signed_text),
                          signed_text.size()) == 1;
}

absl::Status TokenKeys::Add(std::string_view json) {
  const ErrorScope errors;
  if (json.size() > kMaxFileBytes) return Refused(StrCat("larger than ", kMaxFileBytes, " bytes"));
  const std::optional<Json> set = ParseObject(json);
  if (!set || !set->contains("keys") || !set->at("keys").is_array()) {
    return Refused("not a JSON Web Key Set: {\"keys\": [...]}");
  }
  if (set->at("keys").size() > kMaxKeys) return Refused(StrCat("more than ", kMaxKeys, " keys"));
  size_t added = 0;
  for (const Json& entry : set->at("keys")) {
    if (!entry.is_object()) return Refused("a key that is no object");
    const std::optional<TokenAlgorithm> algorithm = AlgorithmFor(entry);
    if (!algorithm || IsForOther(entry, *algorithm)) continue;
    if (entry.contains("d")) {
      return Refused("a private key: take it out of here, replace it, and give its public half");
    }
    const std::string id = TextOf(entry, "kid").value_or("");
    if (id.empty() || id.size() > kMaxKeyIdBytes) return Refused("a key without an id (kid)");
    ASSIGN_OR_RETURN(KeyPtr key, KeyOf(entry, *algorithm));
    TokenKey token_key{*algorithm, std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free)};
    if (!keys_.emplace(id, std::move(token_key)).second) return Refused("two keys of one id (kid)");
    if (size() > kMaxKeys) return Refused(StrCat("more than ", kMaxKeys, " keys in all files"));
    ++added;
  }
  if (added == 0) return Refused("no key that checks signatures EdDSA (Ed25519), ES256 or RS256");
  return absl::OkStatus();
}

const TokenKey* TokenKeys::Find(std::string_view id) const {
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : &found->second;
}

}  // namespace caseledger::access
