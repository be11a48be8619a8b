#include "eventstore/codec/utf8.h"

#include <cstddef>
#include <cstdint>

namespace caseledger::eventstore {
namespace {

bool IsContinuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// Length of the character whose first two bytes are given; 0 if no character begins so.
size_t CharacterLength(uint8_t first, uint8_t second) {
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first == 0xE0) return second >= 0xA0 ? 3 : 0;
  if (first == 0xED) return second <= 0x9F ? 3 : 0;
  if (first >= 0xE1 && first <= 0xEF) return 3;
  if (first == 0xF0) return second >= 0x90 ? 4 : 0;
  if (first >= 0xF1 && first <= 0xF3) return 4;
  if (first == 0xF4) return second <= 0x8F ? 4 : 0;
  return 0;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto first = static_cast<uint8_t>(text[at]);
    if (first < 0x80) {
      ++at;
      continue;
    }
    if (at + 1 >= text.size()) return false;
    const size_t length = CharacterLength(first, static_cast<uint8_t>(text[at + 1]));
    if (length == 0 || at + length > text.size()) return false;
    for (size_t i = 1; i < length; ++i) {
      if (!IsContinuation(static_cast<uint8_t>(text[at + i]))) return false;
    }
    at += length;
  }
  return true;
}

}  // namespace caseledger::eventstore
