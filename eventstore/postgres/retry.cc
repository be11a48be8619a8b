#include "eventstore/postgres/retry.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace caseledger::eventstore::postgres {

bool Retry::Await(int next) {
  if (next > options_.attempts) return false;
  const Micros pause = PauseBefore(next);
  MutexLock lock(&mutex_);
  mutex_.AwaitFor(this, &Retry::stopped, std::chrono::microseconds(pause));
  return !stopped_;
}

void Retry::Stop() {
  MutexLock lock(&mutex_);
  stopped_ = true;
}

Micros Retry::PauseBefore(int next) {
  Micros longest = options_.first_pause;
  for (int attempt = 2; attempt < next && longest < options_.longest_pause; ++attempt) longest *= 2;
  longest = std::min(longest, options_.longest_pause);
  std::array<uint8_t, 2> drawn{};
  random_.Fill(drawn.data(), drawn.size());
  const int64_t part = drawn[0] * 256 + drawn[1];  // of 65,536
  return longest * part / 65'536;
}

}  // namespace caseledger::eventstore::postgres
