// Randomness that can be replayed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "eventstore/base/random.h"

namespace caseledger::testing {

// Draws the same bytes in every run, so that runs can be compared. Not thread-safe.
class CountingRandom final : public RandomSource {
 public:
  void Fill(uint8_t* bytes, size_t size) override {
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(next_++ * 37 + 11);
  }

 private:
  uint64_t next_ = 0;
};

}  // namespace caseledger::testing
