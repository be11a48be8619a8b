// Bytes of row values. A row is a struct that names its fields once:
//
//   struct StayRow {
//     uint32_t beds = 0;
//     std::string case_id;
//     template <typename Archive> void Fields(Archive& archive) { archive(beds, case_id); }
//   };
//
// The same row always gives the same bytes (rebuilds are compared byte for byte). Numbers are 8
// bytes little-endian, texts and lists have a length in front. Whoever changes a row's fields
// raises the version of its projection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/uuid.h"

namespace caseledger::projections {

class RowWriter {
 public:
  template <typename... T>
  void operator()(const T&... fields) {
    (Put(fields), ...);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  template <typename T>
  void Put(const T& value) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      PutNumber(static_cast<uint64_t>(value));
    } else {
      // Fields serves reading and writing alike, so it is not const.
      const_cast<T&>(value).Fields(*this);
    }
  }
  void Put(const Uuid& id) { bytes_.append(id.raw()); }
  void Put(const std::string& text) {
    PutNumber(text.size());
    bytes_.append(text);
  }
  template <typename T>
  void Put(const std::optional<T>& value) {
    Put(value.has_value());
    if (value.has_value()) Put(*value);
  }
  template <typename T>
  void Put(const std::vector<T>& values) {
    PutNumber(values.size());
    for (const T& value : values) Put(value);
  }
  void PutNumber(uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes_.push_back(static_cast<char>((number >> shift) & 0xff));
    }
  }

  std::string bytes_;
};

// Reads what RowWriter wrote. Once something does not fit the fields are worthless.
class RowReader {
 public:
  explicit RowReader(std::string_view bytes) : rest_(bytes) {}

  template <typename... T>
  void operator()(T&... fields) {
    (Get(fields), ...);
  }
  // Everything was read and nothing is left.
  bool Finished() const { return ok_ && rest_.empty(); }

 private:
  template <typename T>
  void Get(T& value) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      value = static_cast<T>(GetNumber());
    } else {
      value.Fields(*this);
    }
  }
  void Get(Uuid& id) { id = Uuid::FromBytes(Bytes(16)).value_or(Uuid{}); }
  void Get(std::string& text) { text = Bytes(GetNumber()); }
  template <typename T>
  void Get(std::optional<T>& value) {
    bool present = false;
    Get(present);
    value.reset();
    if (ok_ && present) Get(value.emplace());
  }
  template <typename T>
  void Get(std::vector<T>& values) {
    values.clear();
    for (uint64_t left = GetNumber(); ok_ && left > 0; --left) Get(values.emplace_back());
  }
  uint64_t GetNumber() {
    const std::string_view bytes = Bytes(8);
    uint64_t number = 0;
    for (size_t i = bytes.size(); i > 0; --i)
      number = number << 8 | static_cast<uint8_t>(bytes[i - 1]);
    return number;
  }
  // Empty, and no longer OK, when so many are not left.
  std::string_view Bytes(uint64_t count) {
    ok_ = ok_ && rest_.size() >= count;
    if (!ok_) return {};
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  std::string_view rest_;
  bool ok_ = true;
};

template <typename Row>
std::string EncodeRow(const Row& row) {
  RowWriter writer;
  writer(row);
  return writer.Take();
}

// DATA_LOSS when the bytes are not a whole row.
template <typename Row>
absl::StatusOr<Row> DecodeRow(std::string_view bytes) {
  Row row;
  RowReader reader(bytes);
  reader(row);
  if (!reader.Finished()) return absl::DataLossError("a read model row is damaged: rebuild it");
  return row;
}

}  // namespace caseledger::projections
