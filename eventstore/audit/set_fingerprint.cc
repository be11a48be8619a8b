#include "eventstore/audit/set_fingerprint.h"

#include <cstddef>

#include "eventstore/base/big_endian.h"

namespace caseledger::eventstore {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;
constexpr size_t kBytesPerCoefficient = 7;  // 56 bits: below the prime

uint64_t Reduce(uint64_t sum) { return sum >= kPrime ? sum - kPrime : sum; }

// Of numbers below the prime.
uint64_t Multiply(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return Reduce(static_cast<uint64_t>(product & kPrime) + static_cast<uint64_t>(product >> 61));
}
uint64_t Sum(uint64_t a, uint64_t b) { return Reduce(a + b); }

uint64_t RandomBelowPrime(RandomSource& random) {
  while (true) {
    uint64_t number = 0;
    random.Fill(reinterpret_cast<uint8_t*>(&number), sizeof number);
    number &= kPrime;
    if (number != kPrime) return number;
  }
}

uint64_t CoefficientAt(std::string_view row, size_t at) {
  if (row.size() - at >= sizeof(uint64_t)) return ReadBigEndian<uint64_t>(row.substr(at)) >> 8;
  uint64_t coefficient = 0;
  for (const char byte : row.substr(at, kBytesPerCoefficient)) {
    coefficient = coefficient << 8 | static_cast<uint8_t>(byte);
  }
  return coefficient;
}

}  // namespace

FingerprintPoint FingerprintPoint::Random(RandomSource& random) {
  FingerprintPoint point;
  for (Coordinates& one : point.coordinates) {
    one = {RandomBelowPrime(random), RandomBelowPrime(random)};
  }
  return point;
}

void SetFingerprint::Add(std::string_view row) {
  // Horner's rule; the length comes first, so that rows of different lengths differ.
  std::array<uint64_t, 2> values = {row.size(), row.size()};
  for (size_t at = 0; at < row.size(); at += kBytesPerCoefficient) {
    const uint64_t coefficient = CoefficientAt(row, at);
    for (size_t i = 0; i < values.size(); ++i) {
      const uint64_t moved = Multiply(values[i], point_.coordinates[i].unit);
      values[i] = Sum(moved, coefficient);
    }
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t factor = Sum(point_.coordinates[i].root, kPrime - values[i]);
    products_[i] = Multiply(products_[i], factor);
  }
}

}  // namespace caseledger::eventstore
