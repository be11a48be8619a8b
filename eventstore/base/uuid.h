// UUIDs (RFC 9562): version 5 from names, version 7 from time and randomness.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"

namespace caseledger {

// 16 bytes in network order. The nil UUID stands for "none".
struct Uuid {
  std::array<uint8_t, 16> bytes{};

  // Reads the 36-character form, either case; nothing else.
  static std::optional<Uuid> Parse(std::string_view text);
  // Takes 16 raw bytes; nothing else.
  static std::optional<Uuid> FromBytes(std::string_view raw);
  // Version 5: SHA-1 of the name within a namespace; the same arguments always give the same id.
  static Uuid FromName(const Uuid& name_space, std::string_view name);
  // Version 7: sortable by time of creation.
  static Uuid Generate(Clock& clock, RandomSource& random);

  bool is_nil() const;
  // 36 characters, lower case.
  // 36 characters, lower case.
  std::array<char, 36> ToChars() const;
  std::string ToString() const;
  std::string_view raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Uuid& id) {
    return H::combine_contiguous(std::move(h), id.bytes.data(), id.bytes.size());
  }
};

}  // namespace caseledger
