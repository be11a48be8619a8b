#include "tests/fault/every_io/outcomes.h"

#include <cstdio>

namespace caseledger::testing {

int64_t OutcomeTable::Sum(Outcome outcome) const {
  int64_t sum = 0;
  for (const auto& [name, counts] : rows_) sum += counts.at(static_cast<size_t>(outcome));
  return sum;
}

void OutcomeTable::Print() const {
  static constexpr std::array<const char*, kOutcomes> kNames = {
      "went on", "stopped", "refused", "reported", "tolerated", "not reached", "VIOLATION"};
  std::printf("%-44s", title_.c_str());
  for (const char* name : kNames) std::printf(" %11s", name);
  std::printf("\n");
  for (const auto& [row, counts] : rows_) {
    std::printf("  %-42s", row.c_str());
    for (const int64_t count : counts) std::printf(" %11lld", static_cast<long long>(count));
    std::printf("\n");
  }
  std::fflush(stdout);
}

}  // namespace caseledger::testing
