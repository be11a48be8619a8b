// What a run measured, beside what limits it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::bench {

// One measured value. With a limit, `ratio` is value divided by limit, both from this run; with a
// bar, `reached` says whether the ratio (or, without a limit, the value) is on the right side of
// it.
struct Figure {
  std::string name;  // stable: histories are compared by it
  double value = 0;
  std::string unit;
  std::string limit_name;
  double limit = 0;
  std::optional<double> ratio;
  enum class Bar { kNone, kAtLeast, kAtMost };
  Bar bar = Bar::kNone;
  double bar_value = 0;

  bool reached() const;
};

class Report {
 public:
  void Add(std::string name, double value, std::string unit);
  void AddBar(std::string name, double value, std::string unit, Figure::Bar bar, double bar_value);
  // `ratio` is given when it is the median of ratios measured side by side; else value by limit.
  void AddRatio(std::string name, double value, std::string unit, std::string limit_name,
                double limit, Figure::Bar bar, double bar_value,
                std::optional<double> ratio = std::nullopt);

  const std::vector<Figure>& figures() const { return figures_; }
  std::string ToTable() const;
  // `about` is a JSON object as text: commit, machine, options.
  std::string ToJson(const std::string& about) const;

 private:
  std::vector<Figure> figures_;
};

// The figures of two reports side by side, with B divided by A. INVALID_ARGUMENT when a file is not
// a report.
absl::StatusOr<std::string> CompareReports(const std::string& file_a, const std::string& file_b);

}  // namespace caseledger::bench
