// How well two groups of times can be told apart.
#pragma once

#include <cstddef>
#include <vector>

namespace caseledger::testing {

// The value that the share of all lies below; 0.5 is the median. Not of none.
double Quantile(std::vector<double> times, double share);

// The chance that a random one of `a` is larger than a random one of `b`, equal ones counted half:
// 0.5 when nobody can tell (Mann-Whitney's U over the number of pairs). Not of none.
double ChanceOfLarger(const std::vector<double>& a, const std::vector<double>& b);

// How far from 0.5 chance alone takes that number in 19 of 20 cases, for groups that do not differ.
double ByChanceAlone(size_t a, size_t b);

}  // namespace caseledger::testing
