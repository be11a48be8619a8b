// Changes that lie over the rows of a table until they are committed: what a batch is made of.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace caseledger::projections {

// Keeps one value for each row, however often it is changed. Not thread-safe.
class Overlay {
 public:
  using Visit = absl::FunctionRef<bool(std::string_view key, std::string_view value)>;
  // By key; nullopt: the row is deleted.
  using Changes = absl::btree_map<std::string, std::optional<std::string>, std::less<>>;

  void Put(std::string_view key, std::string_view value) {
    std::optional<std::string>& change = At(key);
    change = value;
    bytes_ += value.size();
  }
  void Delete(std::string_view key) { At(key).reset(); }
  void Clear() {
    changes_.clear();
    bytes_ = 0;
  }
  // Of keys and values.
  size_t bytes() const { return bytes_; }

  // What is laid over the row; nullptr when nothing is.
  const std::optional<std::string>* Find(std::string_view key) const {
    const auto it = changes_.find(key);
    return it == changes_.end() ? nullptr : &it->second;
  }
  // In key order.
  const Changes& changes() const { return changes_; }

  // Rows with begin <= key < end ("" end: all) as they are with the changes, in key order, until
  // `visit` returns false. `base` gives the rows beneath in that range and order to whom it is
  // told, until that returns false. Changes must not be added meanwhile.
  absl::Status Scan(std::string_view begin, std::string_view end,
                    absl::FunctionRef<absl::Status(Visit)> base, Visit visit) const;

 private:
  // The row's change, to be set; its value so far does not count any more.
  std::optional<std::string>& At(std::string_view key) {
    auto at = changes_.lower_bound(key);
    if (at != changes_.end() && at->first == key) {
      if (at->second.has_value()) bytes_ -= at->second->size();
    } else {
      at = changes_.emplace_hint(at, key, std::nullopt);
      bytes_ += key.size();
    }
    return at->second;
  }

  Changes changes_;
  size_t bytes_ = 0;
};

}  // namespace caseledger::projections
