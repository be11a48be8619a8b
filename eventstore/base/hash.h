// SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104), through OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace caseledger {

// 32 bytes.
struct Hash256 {
  std::array<uint8_t, 32> bytes{};

  std::string_view raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  // 64 lower-case hexadecimal digits.
  std::string ToHex() const;
  friend auto operator<=>(const Hash256&, const Hash256&) = default;
};

// Hash of the concatenated parts.
Hash256 Sha256(std::initializer_list<std::string_view> parts);
// Keyed hash of the concatenated parts.
Hash256 HmacSha256(std::string_view key, std::initializer_list<std::string_view> parts);

}  // namespace caseledger
