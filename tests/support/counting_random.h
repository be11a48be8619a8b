// Randomness that can be replayed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "eventstore/base/random.h"

namespace caseledger::testing {

// Draws the same bytes in every run, so that runs can be compared; ids made of them do not repeat.
// SplitMix64 of a counter. Not thread-safe.
class CountingRandom final : public RandomSource {
 public:
  void Fill(uint8_t* bytes, size_t size) override {
    for (size_t i = 0; i < size; ++i) {
      uint64_t mixed = ++next_ * 0x9E3779B97F4A7C15;
      mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
      mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
      bytes[i] = static_cast<uint8_t>(mixed >> 56);
    }
  }

 private:
  uint64_t next_ = 0;
};

}  // namespace caseledger::testing
