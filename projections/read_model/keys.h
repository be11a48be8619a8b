// Bytes of row keys that sort as their parts do.
//
// A text part is escaped (0x00 becomes 0x00 0xff) and ends with 0x00 0x01, so that no key is the
// beginning of another and "a" sorts before "a\0" and "ab". Numbers are 8 bytes, big-endian; times
// have their sign bit flipped, so that negative ones sort first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"

namespace caseledger::projections {

class KeyBuilder {
 public:
  KeyBuilder() = default;
  // Begins with one byte that tells the kinds of rows of a table apart.
  explicit KeyBuilder(char space) : key_(1, space) {}

  KeyBuilder& Text(std::string_view text);
  KeyBuilder& Number(uint64_t number);
  KeyBuilder& Time(Micros time);
  KeyBuilder& TimeDescending(Micros time);
  // 16 bytes, not escaped.
  KeyBuilder& Id(const Uuid& id);
  // As it is: only at the end of a key or where the length is fixed.
  KeyBuilder& Raw(std::string_view bytes);

  const std::string& key() const { return key_; }
  std::string Take() { return std::move(key_); }

 private:
  std::string key_;
};

// Takes a key apart again. After the first part that does not fit every answer is empty and `ok()`
// is false.
class KeyReader {
 public:
  explicit KeyReader(std::string_view key) : rest_(key) {}

  std::string Text();
  uint64_t Number();
  Micros Time();
  Micros TimeDescending();
  Uuid Id();
  // Leaves out `count` bytes, such as the byte of the space.
  void Skip(size_t count);

  bool ok() const { return ok_; }
  // Everything was read and nothing is left.
  bool Finished() const { return ok_ && rest_.empty(); }

 private:
  bool Has(size_t count);

  std::string_view rest_;
  bool ok_ = true;
};

// The first key after all that begin with `prefix`; "" (the table's end) when there is none.
std::string EndOfPrefix(std::string_view prefix);

}  // namespace caseledger::projections
