// Randomness, injected so that failures can be replayed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caseledger {

// Thread-safe.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Fills `size` bytes. Never fails: a machine without randomness must not go on.
  virtual void Fill(uint8_t* bytes, size_t size) = 0;
};

// Cryptographic randomness of the system (OpenSSL RAND_bytes). Lives as long as the program.
RandomSource& SystemRandom();

}  // namespace caseledger
