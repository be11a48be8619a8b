// What a load of requests gave: how many, how long, how slow.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

namespace caseledger::bench {

using SteadyClock = std::chrono::steady_clock;

inline double SecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

// Durations in microseconds. Not thread-safe: one per lane, merged afterwards.
class Samples {
 public:
  void Add(SteadyClock::time_point start) {
    micros_.push_back(static_cast<uint32_t>(SecondsSince(start) * 1e6));
  }
  void Merge(Samples other) {
    std::move(other.micros_.begin(), other.micros_.end(), std::back_inserter(micros_));
  }
  size_t count() const { return micros_.size(); }
  // `share` from 0 to 1; nearest rank. 0 without samples.
  double Quantile(double share) {
    if (micros_.empty()) return 0;
    const auto rank = std::min(micros_.size() - 1,
                               static_cast<size_t>(share * static_cast<double>(micros_.size())));
    std::nth_element(micros_.begin(), micros_.begin() + static_cast<std::ptrdiff_t>(rank),
                     micros_.end());
    return micros_[rank];
  }

 private:
  std::vector<uint32_t> micros_;
};

struct LoadResult {
  double seconds = 0;
  Samples latency;
  double cpu_seconds = 0;  // of client and server together; 0 when not measured
  uint64_t failed = 0;
  std::string first_error;

  double per_second() const {
    return seconds > 0 ? static_cast<double>(latency.count()) / seconds : 0;
  }
};

// The middle one; 0 without values.
inline double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace caseledger::bench
