// Linear programs over the figures of one component, solved by COIN-OR Clp.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace caseledger::disclosure {

// Finds x with lower <= x <= upper and rows * x = right sides that makes cost * x smallest.
// Not thread-safe; two objects may be used at the same time.
class LinearProgram {
 public:
  struct Column {
    double lower = 0;
    double upper = 0;
    double cost = 0;
  };
  struct Entry {
    size_t row = 0;
    size_t column = 0;
    double factor = 0;
  };

  LinearProgram(const std::vector<Column>& columns, const std::vector<Entry>& entries,
                const std::vector<double>& right_sides);
  ~LinearProgram();

  LinearProgram(const LinearProgram&) = delete;
  LinearProgram& operator=(const LinearProgram&) = delete;

  // As many as there are columns.
  void SetCosts(const std::vector<double>& costs);

  // The best x; nullopt when there is none, or none was found within 100,000 steps. Later calls go
  // on from the solution of the one before.
  std::optional<std::vector<double>> Solve();

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

}  // namespace caseledger::disclosure
