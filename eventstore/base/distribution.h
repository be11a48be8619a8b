// How many values of which size there were, for whoever watches a running system: cheap to add to
// where it matters how fast things go, and read whenever somebody asks.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace caseledger {

// What a Distribution had counted at one moment.
struct DistributionCounts {
  std::vector<uint64_t> bounds;  // ascending; a value belongs to the first that is not below it
  std::vector<uint64_t> counts;  // one for each bound, and one for what is above all of them
  uint64_t sum = 0;              // of the values; may be off by those being added meanwhile
};

// Thread-safe; Add is two relaxed atomic adds. Never forgets anything: rates are for the reader.
template <size_t kBounds>
class Distribution {
 public:
  // Ascending, in the unit of the values.
  explicit Distribution(const std::array<uint64_t, kBounds>& bounds) : bounds_(bounds) {}

  void Add(uint64_t value) {
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    counts_[static_cast<size_t>(bound - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  DistributionCounts Read() const {
    DistributionCounts read{{bounds_.begin(), bounds_.end()}, {}, 0};
    read.counts.reserve(counts_.size());
    for (const auto& count : counts_) read.counts.push_back(count.load(std::memory_order_relaxed));
    read.sum = sum_.load(std::memory_order_relaxed);
    return read;
  }

 private:
  const std::array<uint64_t, kBounds> bounds_;
  std::array<std::atomic<uint64_t>, kBounds + 1> counts_ = {};
  std::atomic<uint64_t> sum_ = 0;
};

}  // namespace caseledger
