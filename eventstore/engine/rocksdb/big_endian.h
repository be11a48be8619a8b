// Numbers as big-endian bytes, so that byte order is number order.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace caseledger::eventstore::rocksdb_engine {

template <std::unsigned_integral T>
void AppendBigEndian(std::string& bytes, T value) {
  for (size_t i = sizeof(T); i-- > 0;) {
    bytes.push_back(static_cast<char>(static_cast<uint8_t>(value >> (8 * i))));
  }
}

// `bytes` has exactly sizeof(T) bytes.
template <std::unsigned_integral T>
T ReadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value = (value << 8) | static_cast<uint8_t>(bytes[i]);
  return static_cast<T>(value);
}

}  // namespace caseledger::eventstore::rocksdb_engine
