// Values measured side by side, round by round.
#pragma once

#include <vector>

namespace caseledger::bench {

struct Pairs {
  std::vector<double> ours;
  std::vector<double> limit;
  std::vector<double> ratios;

  void Add(double our_value, double limit_value) {
    ours.push_back(our_value);
    limit.push_back(limit_value);
    ratios.push_back(our_value / limit_value);
  }
};

}  // namespace caseledger::bench
