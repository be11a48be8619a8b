// Integers in network order, for bytes that are hashed or sorted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace caseledger::eventstore {

template <typename T>
void AppendBigEndian(std::string& out, T value) {
  static_assert(std::is_unsigned_v<T>);
  for (size_t shift = sizeof(T) * 8; shift > 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<uint8_t>(value >> (shift - 8))));
  }
}

// Two bytes of length, then the bytes. `part` is at most 65,535 bytes long.
inline void AppendLengthPrefixed(std::string& out, std::string_view part) {
  AppendBigEndian(out, static_cast<uint16_t>(part.size()));
  out.append(part);
}

}  // namespace caseledger::eventstore
