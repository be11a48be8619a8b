// Bytes of a state, for snapshots. Throw-away: whoever changes a state's fields raises its
// kVersion, and snapshots of another version are ignored.
//
//   struct State {
//     static constexpr uint32_t kVersion = 1;
//     template <class Archive> void Fields(Archive& archive) { archive(phase, owner); }
//   };
//
// Takes integers, enums, bool, double, strings, optionals, vectors, sets, maps, and structs with
// Fields.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace caseledger::domain {

class ArchiveWriter {
 public:
  template <typename... T>
  void operator()(T&... fields) {
    (Put(fields), ...);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  template <typename T>
  void Put(T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    } else {
      value.Fields(*this);
    }
  }
  void Put(std::string& value) {
    Size(value.size());
    bytes_.append(value);
  }
  template <typename T>
  void Put(std::optional<T>& value) {
    bool present = value.has_value();
    Put(present);
    if (present) Put(*value);
  }
  template <typename T>
  void Put(std::vector<T>& values) {
    Size(values.size());
    for (T& value : values) Put(value);
  }
  template <typename T>
  void Put(std::set<T>& values) {
    Size(values.size());
    for (T value : values) Put(value);
  }
  template <typename K, typename V>
  void Put(std::map<K, V>& values) {
    Size(values.size());
    for (auto& [key, value] : values) {
      K copy = key;
      Put(copy);
      Put(value);
    }
  }
  void Size(size_t size) {
    auto count = static_cast<uint32_t>(size);
    Put(count);
  }

  std::string bytes_;
};

// Reads what ArchiveWriter wrote. `ok()` is false after damaged bytes; the fields are then
// worthless.
class ArchiveReader {
 public:
  explicit ArchiveReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename... T>
  void operator()(T&... fields) {
    (Get(fields), ...);
  }
  // Everything was read and nothing is left.
  bool Finished() const { return ok_ && bytes_.empty(); }

 private:
  // Other bytes than 0 and 1 are no bool, and using one would be undefined.
  void Get(bool& value) {
    uint8_t byte = 0;
    Get(byte);
    ok_ = ok_ && byte <= 1;
    value = ok_ && byte == 1;
  }
  template <typename T>
  void Get(T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      if (!Has(sizeof(value))) return;
      std::memcpy(&value, bytes_.data(), sizeof(value));
      bytes_.remove_prefix(sizeof(value));
    } else {
      value.Fields(*this);
    }
  }
  void Get(std::string& value) {
    const uint32_t size = Size();
    if (!Has(size)) return;
    value.assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
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
    for (uint32_t left = Size(); ok_ && left > 0; --left) Get(values.emplace_back());
  }
  template <typename T>
  void Get(std::set<T>& values) {
    values.clear();
    for (uint32_t left = Size(); ok_ && left > 0; --left) {
      T value{};
      Get(value);
      values.insert(std::move(value));
    }
  }
  template <typename K, typename V>
  void Get(std::map<K, V>& values) {
    values.clear();
    for (uint32_t left = Size(); ok_ && left > 0; --left) {
      K key{};
      Get(key);
      Get(values[key]);
    }
  }
  uint32_t Size() {
    uint32_t count = 0;
    Get(count);
    return ok_ ? count : 0;
  }
  bool Has(size_t size) {
    ok_ = ok_ && bytes_.size() >= size;
    return ok_;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

template <typename State>
std::string Save(State& state) {
  ArchiveWriter writer;
  state.Fields(writer);
  return writer.Take();
}

// nullopt when the bytes are not a whole state.
template <typename State>
std::optional<State> Restore(std::string_view bytes) {
  State state;
  ArchiveReader reader(bytes);
  state.Fields(reader);
  if (!reader.Finished()) return std::nullopt;
  return state;
}

}  // namespace caseledger::domain
