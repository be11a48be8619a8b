#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/escaping.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/random.h"
#include "eventstore/base/strings.h"
#include "eventstore/base/uuid.h"

namespace caseledger {
namespace {

class RealClock final : public Clock {
 public:
  Micros Now() override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

class OpenSslRandom final : public RandomSource {
 public:
  void Fill(uint8_t* bytes, size_t size) override {
    if (RAND_bytes(bytes, static_cast<int>(size)) != 1) {
      std::fputs("caseledger: the system gives no randomness\n", stderr);
      std::abort();
    }
  }
};

// What each byte is worth as a hexadecimal digit; -1: it is none.
constexpr std::array<int8_t, 256> kHexDigits = [] {
  std::array<int8_t, 256> digits{};
  digits.fill(-1);
  for (int i = 0; i < 10; ++i) digits[static_cast<size_t>('0' + i)] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    digits[static_cast<size_t>('a' + i)] = static_cast<int8_t>(10 + i);
    digits[static_cast<size_t>('A' + i)] = static_cast<int8_t>(10 + i);
  }
  return digits;
}();

int HexDigit(char c) { return kHexDigits[static_cast<unsigned char>(c)]; }

// Sets version and the variant of RFC 9562.
void Mark(Uuid& id, uint8_t version) {
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0F) | (version << 4));
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3F) | 0x80);
}

// One digest context per thread: creating one costs more than hashing a small record.
EVP_MD_CTX* ThreadContext() {
  struct Owner {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~Owner() { EVP_MD_CTX_free(context); }
  };
  thread_local Owner owner;
  return owner.context;
}

// Looked up once: OpenSSL 3 searches its providers at every use of EVP_sha256(). Never freed, for
// threads may hash until the very end.
const EVP_MD* FetchedSha256() {
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return digest;
}

const EVP_MD* FetchedSha1() {
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return digest;
}

// One HMAC-SHA-256 context per thread; its key is set at every use.
EVP_MAC_CTX* ThreadMacContext() {
  struct Owner {
    Owner() {
      static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
      context = EVP_MAC_CTX_new(mac);
      char digest[] = "SHA256";
      const OSSL_PARAM parameters[] = {
          OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
          OSSL_PARAM_construct_end()};
      EVP_MAC_CTX_set_params(context, parameters);
    }
    ~Owner() { EVP_MAC_CTX_free(context); }
    EVP_MAC_CTX* context = nullptr;
  };
  thread_local Owner owner;
  return owner.context;
}

}  // namespace

Clock& SystemClock() {
  static RealClock clock;
  return clock;
}

RandomSource& SystemRandom() {
  static OpenSslRandom random;
  return random;
}

std::optional<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  size_t at = 0;
  for (size_t i = 0; i < text.size();) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
      ++i;
      continue;
    }
    const int high = HexDigit(text[i]);
    const int low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[at++] = static_cast<uint8_t>(high * 16 + low);
    i += 2;
  }
  return id;
}

std::optional<Uuid> Uuid::FromBytes(std::string_view raw) {
  Uuid id;
  if (raw.size() != id.bytes.size()) return std::nullopt;
  std::memcpy(id.bytes.data(), raw.data(), raw.size());
  return id;
}

Uuid Uuid::FromName(const Uuid& name_space, std::string_view name) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  EVP_MD_CTX* context = ThreadContext();
  EVP_DigestInit_ex2(context, FetchedSha1(), nullptr);
  EVP_DigestUpdate(context, name_space.bytes.data(), name_space.bytes.size());
  EVP_DigestUpdate(context, name.data(), name.size());
  EVP_DigestFinal_ex(context, digest, nullptr);
  Uuid id;
  std::memcpy(id.bytes.data(), digest, id.bytes.size());
  Mark(id, 5);
  return id;
}

Uuid Uuid::Generate(Clock& clock, RandomSource& random) {
  Uuid id;
  random.Fill(id.bytes.data(), id.bytes.size());
  const auto milliseconds = static_cast<uint64_t>(clock.Now() / 1000);
  for (size_t i = 0; i < 6; ++i) {
    id.bytes[i] = static_cast<uint8_t>(milliseconds >> (8 * (5 - i)));
  }
  Mark(id, 7);
  return id;
}

bool Uuid::is_nil() const { return *this == Uuid{}; }

std::array<char, 36> Uuid::ToChars() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<char, 36> text;
  size_t at = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
    text[at++] = kHex[bytes[i] >> 4];
    text[at++] = kHex[bytes[i] & 0x0F];
  }
  return text;
}

std::string Uuid::ToString() const {
  const std::array<char, 36> text = ToChars();
  return {text.data(), text.size()};
}

std::string Hash256::ToHex() const { return absl::BytesToHexString(ToAbsl(raw())); }

Hash256 Sha256(std::initializer_list<std::string_view> parts) {
  Hash256 hash;
  EVP_MD_CTX* context = ThreadContext();
  EVP_DigestInit_ex2(context, FetchedSha256(), nullptr);
  for (std::string_view part : parts) EVP_DigestUpdate(context, part.data(), part.size());
  EVP_DigestFinal_ex(context, hash.bytes.data(), nullptr);
  return hash;
}

Hash256 HmacSha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  Hash256 hash;
  EVP_MAC_CTX* context = ThreadMacContext();
  EVP_MAC_init(context, reinterpret_cast<const unsigned char*>(key.data()), key.size(), nullptr);
  for (std::string_view part : parts) {
    EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(part.data()), part.size());
  }
  size_t size = 0;
  EVP_MAC_final(context, hash.bytes.data(), &size, hash.bytes.size());
  return hash;
}

}  // namespace caseledger
