// Chance that is the same for the same seed, on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "eventstore/base/random.h"
#include "eventstore/base/uuid.h"

namespace caseledger::simulation {

// The standard's distributions differ between libraries; these do not. Not thread-safe.
class Random final : public RandomSource {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t Next() { return engine_(); }
  // Below `end`, which is above 0. The bias is of no account here.
  uint64_t Below(uint64_t end) { return engine_() % end; }
  // From `first` to `last`, both included.
  int64_t Between(int64_t first, int64_t last) {
    return first + static_cast<int64_t>(Below(static_cast<uint64_t>(last - first + 1)));
  }
  bool OneIn(uint64_t count) { return Below(count) == 0; }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  Uuid NextUuid() {
    Uuid id;
    Fill(id.bytes.data(), id.bytes.size());
    return id;
  }
  void Fill(uint8_t* bytes, size_t size) override {
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(engine_() >> 56);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace caseledger::simulation
