// Compares two sets of rows while keeping neither: a few numbers, equal when the sets are.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "eventstore/base/random.h"

namespace caseledger::eventstore {

// Where fingerprints are taken; those to be compared share one. Drawn when a check begins, so that
// whoever wrote the rows cannot have known it.
struct FingerprintPoint {
  struct Coordinates {
    uint64_t root = 0;
    uint64_t unit = 0;
  };
  std::array<Coordinates, 2> coordinates;

  static FingerprintPoint Random(RandomSource& random);
};

// The product over all rows of (root - row(unit)) modulo the prime 2^61 - 1, at two random points.
// A row stands for the polynomial whose coefficients are its bytes, seven at a time, and its
// length. The order of rows does not matter, how often each comes does.
//
// Why that is enough: different multisets give different polynomials in `root` and `unit`, for a
// product of factors that are linear in `root` factors in one way only. With n rows of at most w
// coefficients their degree is below n * w, so by Schwartz and Zippel they agree at a random point
// with a probability below n * w / 2^61, and at both points with its square: for 2^30 rows of 7
// coefficients below 2^-56. No assumption about a hash is needed.
//
// Not thread-safe.
class SetFingerprint {
 public:
  explicit SetFingerprint(const FingerprintPoint& point) : point_(point) {}

  void Add(std::string_view row);

  // Of fingerprints taken at the same point.
  bool SameAs(const SetFingerprint& other) const { return products_ == other.products_; }

 private:
  const FingerprintPoint point_;
  std::array<uint64_t, 2> products_ = {1, 1};
};

}  // namespace caseledger::eventstore
