#include "tests/attack/ranks.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace caseledger::testing {

double Quantile(std::vector<double> times, double share) {
  const size_t place =
      std::min(times.size() - 1, static_cast<size_t>(share * static_cast<double>(times.size())));
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(place), times.end());
  return times[place];
}

double ChanceOfLarger(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<std::pair<double, bool>> all;  // with whether it is of `a`
  for (const double time : a) all.emplace_back(time, true);
  for (const double time : b) all.emplace_back(time, false);
  std::sort(all.begin(), all.end());
  double pairs_won = 0;
  double smaller = 0;  // of `b`
  for (size_t begin = 0; begin < all.size();) {
    double of_a = 0;
    double of_b = 0;
    size_t end = begin;
    for (; end < all.size() && all[end].first == all[begin].first; ++end) {
      ++(all[end].second ? of_a : of_b);
    }
    pairs_won += of_a * (smaller + of_b / 2);
    smaller += of_b;
    begin = end;
  }
  return pairs_won / (static_cast<double>(a.size()) * static_cast<double>(b.size()));
}

double ByChanceAlone(size_t a, size_t b) {
  const double na = static_cast<double>(a);
  const double nb = static_cast<double>(b);
  return 1.96 * std::sqrt((na + nb + 1) / (12 * na * nb));
}

}  // namespace caseledger::testing
