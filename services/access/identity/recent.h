// What was looked up lately, bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/strings.h"

namespace caseledger::access {

// Keeps at least the `capacity` / 2 entries used last and at most `capacity`: when the young half
// is full, the old one is forgotten. Not thread-safe.
template <typename Value>
class Recent {
 public:
  explicit Recent(size_t capacity) : half_((capacity + 1) / 2) {}

  // Null when it is not there. Good until the next call.
  const Value* Find(std::string_view key) {
    if (const auto young = young_.find(ToAbsl(key)); young != young_.end()) return &young->second;
    const auto old = old_.find(ToAbsl(key));
    if (old == old_.end()) return nullptr;
    Value value = std::move(old->second);
    old_.erase(old);
    return &Keep(key, std::move(value));
  }
  void Insert(std::string_view key, Value value) {
    old_.erase(ToAbsl(key));
    Keep(key, std::move(value));
  }
  void Erase(std::string_view key) {
    young_.erase(ToAbsl(key));
    old_.erase(ToAbsl(key));
  }
  void Clear() {
    young_.clear();
    old_.clear();
  }
  size_t size() const { return young_.size() + old_.size(); }

 private:
  const Value& Keep(std::string_view key, Value value) {
    if (young_.size() >= half_) old_ = std::exchange(young_, {});
    return young_.insert_or_assign(std::string(key), std::move(value)).first->second;
  }

  const size_t half_;
  absl::flat_hash_map<std::string, Value> young_;
  absl::flat_hash_map<std::string, Value> old_;
};

}  // namespace caseledger::access
