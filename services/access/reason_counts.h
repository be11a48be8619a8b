// How often somebody was refused for which reason, for whoever watches the server.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"

namespace caseledger::access {

// Counts by the names of reasons (`NO_RELATION`), which are the program's own: so many at most, and
// nothing that does not look like one. The rest is counted together. Thread-safe.
class ReasonCounts {
 public:
  static constexpr size_t kMostReasons = 32;
  static constexpr char kOther[] = "OTHER";

  void Add(std::string_view reason) {
    const MutexLock lock(&mutex_);
    const auto found = counts_.find(reason);
    if (found != counts_.end()) {
      ++found->second;
    } else if (counts_.size() < kMostReasons && IsReason(reason)) {
      counts_.emplace(reason, 1);
    } else {
      ++counts_[kOther];
    }
  }

  // By reason; what is not named did not happen.
  std::map<std::string, uint64_t, std::less<>> Read() const {
    const MutexLock lock(&mutex_);
    return counts_;
  }

 private:
  static bool IsReason(std::string_view text) {
    return !text.empty() && text.size() <= 40 &&
           std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
  }

  mutable Mutex mutex_;
  // That of all others is there from the beginning, so that there is always something to read.
  std::map<std::string, uint64_t, std::less<>> counts_ ABSL_GUARDED_BY(mutex_) = {{kOther, 0}};
};

}  // namespace caseledger::access
