// Protocol Buffers' wire format, written and read field by field, for the two messages that every
// event passes through: a message object for each would cost more than all else that is done to it.
// Source: https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace caseledger {

// Appends fields to `out`. As in proto3 a number that is 0 and bytes that are empty are left out;
// with fields in the order of their numbers the bytes are those of protobuf's own serialiser.
class WireWriter {
 public:
  explicit WireWriter(std::string& out) : out_(out) {}

  void Number(uint32_t field, uint64_t value) {
    if (value == 0) return;
    Varint(uint64_t{field} << 3);
    Varint(value);
  }
  // int64 and int32: a negative one takes ten bytes.
  void Signed(uint32_t field, int64_t value) { Number(field, static_cast<uint64_t>(value)); }
  void Bytes(uint32_t field, std::string_view value) {
    if (!value.empty()) Element(field, value);
  }
  // Of a repeated field, or a message: written even when empty.
  void Element(uint32_t field, std::string_view value) {
    Varint(uint64_t{field} << 3 | 2);
    Varint(value.size());
    out_.append(value);
  }

 private:
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }

  std::string& out_;
};

// Walks the fields of a message. Stricter than protobuf: a group, or a value of another wire type
// than the reader asks for, is damage. Never reads beyond `bytes`.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : left_(bytes) {}

  // On to the next field. False at the end and on damage.
  bool Next() {
    if (!ok_ || left_.empty()) return false;
    begin_ = left_;
    uint64_t tag = 0;
    ok_ = Varint(tag) && tag >> 3 != 0 && tag <= UINT32_MAX && TakeValue(tag & 7);
    field_ = static_cast<uint32_t>(tag >> 3);
    return ok_;
  }
  uint32_t field() const { return field_; }
  uint64_t Number() {
    ok_ = ok_ && is_number_;
    return number_;
  }
  std::string_view Bytes() {
    ok_ = ok_ && is_bytes_;
    return bytes_;
  }
  // The whole field as it stands, its tag included.
  std::string_view Raw() const { return begin_.substr(0, begin_.size() - left_.size()); }
  // Everything read so far was well formed.
  bool ok() const { return ok_; }

 private:
  bool TakeValue(uint64_t type) {
    is_number_ = type == 0;
    is_bytes_ = type == 2;
    number_ = 0;
    bytes_ = {};
    if (is_number_) return Varint(number_);
    uint64_t size = 0;
    if (is_bytes_) return Varint(size) && Take(size);
    return (type == 1 && Take(8)) || (type == 5 && Take(4));
  }

  bool Take(uint64_t size) {
    if (size > left_.size()) return false;
    bytes_ = left_.substr(0, static_cast<size_t>(size));
    left_.remove_prefix(static_cast<size_t>(size));
    return true;
  }

  bool Varint(uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (left_.empty()) return false;
      const auto byte = static_cast<uint8_t>(left_.front());
      left_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  std::string_view left_;
  std::string_view begin_;  // from the field on
  std::string_view bytes_;
  uint64_t number_ = 0;
  uint32_t field_ = 0;
  bool is_number_ = false;
  bool is_bytes_ = false;
  bool ok_ = true;
};

}  // namespace caseledger
