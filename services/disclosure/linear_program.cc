#include "services/disclosure/linear_program.h"

#include <coin/Clp_C_Interface.h>

#include <algorithm>

namespace caseledger::disclosure {
namespace {

constexpr int kMostSteps = 100'000;

}  // namespace

struct LinearProgram::Model {
  Clp_Simplex* clp = Clp_newModel();
  size_t columns = 0;
  bool solved = false;

  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() { Clp_deleteModel(clp); }
};

LinearProgram::LinearProgram(const std::vector<Column>& columns, const std::vector<Entry>& entries,
                             const std::vector<double>& right_sides)
    : model_(std::make_unique<Model>()) {
  std::vector<Entry> by_column = entries;
  std::stable_sort(by_column.begin(), by_column.end(),
                   [](const Entry& a, const Entry& b) { return a.column < b.column; });
  std::vector<CoinBigIndex> starts(columns.size() + 1, 0);
  std::vector<int> rows;
  std::vector<double> factors;
  for (const Entry& entry : by_column) {
    ++starts[entry.column + 1];
    rows.push_back(static_cast<int>(entry.row));
    factors.push_back(entry.factor);
  }
  for (size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
  std::vector<double> lower;
  std::vector<double> upper;
  std::vector<double> costs;
  for (const Column& column : columns) {
    lower.push_back(column.lower);
    upper.push_back(column.upper);
    costs.push_back(column.cost);
  }
  model_->columns = columns.size();
  Clp_setLogLevel(model_->clp, 0);
  Clp_setMaximumIterations(model_->clp, kMostSteps);
  Clp_loadProblem(model_->clp, static_cast<int>(columns.size()),
                  static_cast<int>(right_sides.size()), starts.data(), rows.data(), factors.data(),
                  lower.data(), upper.data(), costs.data(), right_sides.data(), right_sides.data());
}

LinearProgram::~LinearProgram() = default;

void LinearProgram::SetCosts(const std::vector<double>& costs) {
  Clp_chgObjCoefficients(model_->clp, costs.data());
}

std::optional<std::vector<double>> LinearProgram::Solve() {
  // A solution to go on from is feasible whatever the costs, which is what the primal method needs.
  if (model_->solved) {
    Clp_primal(model_->clp, 0);
  } else {
    Clp_dual(model_->clp, 0);
    if (Clp_status(model_->clp) != 0) Clp_primal(model_->clp, 0);
  }
  // From the beginning, when the way from the last solution led nowhere.
  if (Clp_status(model_->clp) != 0 && model_->solved) Clp_initialSolve(model_->clp);
  model_->solved = true;
  if (Clp_status(model_->clp) != 0) return std::nullopt;
  const double* solution = Clp_getColSolution(model_->clp);
  return std::vector<double>(solution, solution + model_->columns);
}

}  // namespace caseledger::disclosure
