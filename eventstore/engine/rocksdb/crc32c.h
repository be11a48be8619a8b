// CRC-32C (Castagnoli), as RocksDB's log files carry it. RocksDB does not install its own.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace caseledger::eventstore::rocksdb_engine {

inline constexpr std::array<uint32_t, 256> kCrc32cTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t entry = i;
    for (int bit = 0; bit < 8; ++bit) entry = (entry >> 1) ^ ((entry & 1) != 0 ? 0x82f63b78u : 0);
    table[i] = entry;
  }
  return table;
}();

// Checksum of bytes that are given one after the other.
class Crc32c {
 public:
  void Add(char byte) {
    state_ = kCrc32cTable[(state_ ^ static_cast<uint8_t>(byte)) & 0xff] ^ (state_ >> 8);
  }
  void Add(std::string_view bytes) {
    for (const char byte : bytes) Add(byte);
  }
  uint32_t value() const { return ~state_; }

 private:
  uint32_t state_ = ~0u;
};

}  // namespace caseledger::eventstore::rocksdb_engine
