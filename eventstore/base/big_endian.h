// Integers in network order, for bytes that are hashed or sorted: byte order is number order.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace caseledger {

template <std::unsigned_integral T>
void AppendBigEndian(std::string& bytes, T value) {
  char digits[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) {
    digits[i] = static_cast<char>(static_cast<uint8_t>(value >> (8 * (sizeof(T) - 1 - i))));
  }
  bytes.append(digits, sizeof(T));
}

// Of the first sizeof(T) bytes; there must be as many.
template <std::unsigned_integral T>
T ReadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value = (value << 8) | static_cast<uint8_t>(bytes[i]);
  return static_cast<T>(value);
}

// Two bytes of length, then the bytes. `part` is at most 65,535 bytes long.
inline void AppendLengthPrefixed(std::string& bytes, std::string_view part) {
  AppendBigEndian(bytes, static_cast<uint16_t>(part.size()));
  bytes.append(part);
}

}  // namespace caseledger
