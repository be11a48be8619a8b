#include "eventstore/postgres/parameters.h"

#include <cstddef>
#include <utility>

#include "eventstore/base/big_endian.h"

namespace caseledger::eventstore::postgres {
namespace {

// Object ids of PostgreSQL's own types never change.
constexpr uint32_t kByteaType = 17;
constexpr uint32_t kInt8Type = 20;
constexpr uint32_t kUuidType = 2950;

// One dimension, no NULLs, subscripts from 1.
std::string ArrayHeader(uint32_t element_type, size_t count) {
  std::string bytes;
  AppendBigEndian(bytes, uint32_t{1});
  AppendBigEndian(bytes, uint32_t{0});
  AppendBigEndian(bytes, element_type);
  AppendBigEndian(bytes, static_cast<uint32_t>(count));
  AppendBigEndian(bytes, uint32_t{1});
  return bytes;
}

void AppendElement(std::string& array, std::string_view bytes) {
  AppendBigEndian(array, static_cast<uint32_t>(bytes.size()));
  array.append(bytes);
}

}  // namespace

Parameters& Parameters::Bytes(std::string_view bytes) {
  values_.emplace_back(bytes);
  return *this;
}

Parameters& Parameters::Int8(int64_t value) {
  std::string bytes;
  AppendBigEndian(bytes, static_cast<uint64_t>(value));
  values_.push_back(std::move(bytes));
  return *this;
}

Parameters& Parameters::Int8s(std::span<const uint64_t> values) {
  std::string array = ArrayHeader(kInt8Type, values.size());
  for (const uint64_t value : values) {
    AppendBigEndian(array, static_cast<uint32_t>(sizeof value));
    AppendBigEndian(array, value);
  }
  values_.push_back(std::move(array));
  return *this;
}

Parameters& Parameters::Ids(std::span<const Uuid> ids) {
  std::string array = ArrayHeader(kUuidType, ids.size());
  for (const Uuid& id : ids) AppendElement(array, id.raw());
  values_.push_back(std::move(array));
  return *this;
}

Parameters& Parameters::ByteStrings(std::span<const std::string_view> values) {
  std::string array = ArrayHeader(kByteaType, values.size());
  for (const std::string_view value : values) AppendElement(array, value);
  values_.push_back(std::move(array));
  return *this;
}

}  // namespace caseledger::eventstore::postgres
