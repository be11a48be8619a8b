#include "tests/services/disclosure/attacker.h"

#include <glpk.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

namespace caseledger::testing {
namespace {

constexpr double kMost = 100'000;

const AttackedFigure& Find(const AttackedTable& table, const std::string& name) {
  for (const AttackedFigure& figure : table.figures) {
    if (figure.name == name) return figure;
  }
  throw std::out_of_range(name);
}

}  // namespace

Attacker::Attacker(const std::vector<AttackedTable>& tables) : tables_(tables) {
  for (const AttackedTable& table : tables) {
    for (const AttackedFigure& figure : table.figures) {
      const Key key{figure.name, figure.at_end ? table.to : table.from, table.to, figure.truth};
      const auto [place, is_new] = indices_.try_emplace(key, static_cast<int>(truths_.size()));
      if (is_new) {
        truths_.push_back(figure.truth);
        shown_.push_back(false);
      }
      const auto index = static_cast<size_t>(place->second);
      shown_[index] = shown_[index] || figure.shown;
    }
  }
  for (size_t t = 0; t < tables.size(); ++t) LearnTable(t);
  LearnPeriods();
}

int Attacker::FigureOf(size_t table, const std::string& name) const {
  const AttackedTable& one = tables_[table];
  const AttackedFigure& figure = Find(one, name);
  return indices_.at({name, figure.at_end ? one.to : one.from, one.to, figure.truth});
}

void Attacker::AddSum(int whole, const std::vector<int>& parts) {
  uint64_t sum = 0;
  Fact fact{{{whole, -1}}, 0, 0};
  for (const int part : parts) {
    sum += truths_[static_cast<size_t>(part)];
    fact.terms.emplace_back(part, 1);
  }
  if (sum != truths_[static_cast<size_t>(whole)]) return;
  std::sort(fact.terms.begin(), fact.terms.end());
  if (known_.insert(fact.terms).second) facts_.push_back(std::move(fact));
}

void Attacker::AddAtMost(int part, int whole) {
  if (part == whole || truths_[static_cast<size_t>(part)] > truths_[static_cast<size_t>(whole)]) {
    return;
  }
  if (known_.insert({{whole, 1}, {part, -1}}).second) {
    facts_.push_back({{{whole, 1}, {part, -1}}, 0, std::nullopt});
  }
}

void Attacker::LearnTable(size_t table) {
  for (const AttackedFigure& figure : tables_[table].figures) {
    if (figure.part_of.empty()) continue;
    AddAtMost(FigureOf(table, figure.name), FigureOf(table, figure.part_of));
  }
  for (const std::vector<std::string>& sum : tables_[table].sums) {
    std::vector<int> parts;
    for (size_t i = 1; i < sum.size(); ++i) parts.push_back(FigureOf(table, sum[i]));
    AddSum(FigureOf(table, sum[0]), parts);
  }
}

// After each table, with what was told last of each period: every way in which periods that follow
// one another make up a longer one, and that a period counts no more than one that holds it.
void Attacker::LearnPeriods() {
  std::map<std::string, std::map<std::pair<int64_t, int64_t>, int>> newest;  // by name and period
  for (size_t t = 0; t < tables_.size(); ++t) {
    for (const AttackedFigure& figure : tables_[t].figures) {
      if (figure.at_end) continue;
      auto& periods = newest[figure.name];
      periods[{tables_[t].from, tables_[t].to}] = FigureOf(t, figure.name);
      LearnOf(periods, figure.adds_up);
    }
  }
}

void Attacker::LearnOf(const std::map<std::pair<int64_t, int64_t>, int>& periods, bool adds_up) {
  for (const auto& [whole, of_whole] : periods) {
    std::vector<std::vector<std::pair<int64_t, int64_t>>> chains = {{}};
    while (!chains.empty()) {
      const auto chain = chains.back();
      chains.pop_back();
      const int64_t at = chain.empty() ? whole.first : chain.back().second;
      for (const auto& [next, of_next] : periods) {
        if (next.first != at || next.second > whole.second || next == whole) continue;
        auto longer = chain;
        longer.push_back(next);
        if (next.second < whole.second) {
          chains.push_back(longer);
          continue;
        }
        std::vector<int> parts;
        for (const auto& part : longer) parts.push_back(periods.at(part));
        if (adds_up) {
          AddSum(of_whole, parts);
          continue;
        }
        Fact fact{{{of_whole, -1}}, 0, std::nullopt};
        for (const int part : parts) fact.terms.emplace_back(part, 1);
        std::sort(fact.terms.begin(), fact.terms.end());
        if (Truth(fact.terms) >= 0 && known_.insert(fact.terms).second) {
          facts_.push_back(std::move(fact));
        }
      }
    }
    for (const auto& [part, of_part] : periods) {
      const bool holds = whole.first <= part.first && part.second <= whole.second && part != whole;
      if (holds) AddAtMost(of_part, of_whole);
    }
  }
}

double Attacker::Truth(const std::vector<std::pair<int, double>>& terms) const {
  double sum = 0;
  for (const auto& [figure, factor] : terms) {
    sum += factor * static_cast<double>(truths_[static_cast<size_t>(figure)]);
  }
  return sum;
}

std::pair<int64_t, int64_t> Attacker::Solve(int figure) const {
  std::pair<int64_t, int64_t> range;
  for (const int direction : {GLP_MIN, GLP_MAX}) {
    glp_term_out(GLP_OFF);
    glp_prob* problem = glp_create_prob();
    glp_set_obj_dir(problem, direction);
    glp_add_cols(problem, static_cast<int>(truths_.size()));
    for (size_t i = 0; i < truths_.size(); ++i) {
      const int column = static_cast<int>(i) + 1;
      const auto truth = static_cast<double>(truths_[i]);
      glp_set_col_kind(problem, column, GLP_IV);
      if (shown_[i]) {
        glp_set_col_bnds(problem, column, GLP_FX, truth, truth);
      } else {
        glp_set_col_bnds(problem, column, GLP_DB, 0, kMost);
      }
    }
    glp_set_obj_coef(problem, figure + 1, 1);
    if (!facts_.empty()) glp_add_rows(problem, static_cast<int>(facts_.size()));
    for (size_t f = 0; f < facts_.size(); ++f) {
      const Fact& fact = facts_[f];
      const int row = static_cast<int>(f) + 1;
      const int kind = fact.most.has_value() ? GLP_FX : GLP_LO;
      glp_set_row_bnds(problem, row, kind, fact.least.value_or(0), fact.most.value_or(0));
      std::map<int, double> factors;
      for (const auto& [index, factor] : fact.terms) factors[index] += factor;
      std::vector<int> columns = {0};
      std::vector<double> values = {0};
      for (const auto& [index, factor] : factors) {
        if (factor == 0) continue;
        columns.push_back(index + 1);
        values.push_back(factor);
      }
      glp_set_mat_row(problem, row, static_cast<int>(columns.size()) - 1, columns.data(),
                      values.data());
    }
    glp_iocp options;
    glp_init_iocp(&options);
    options.msg_lev = GLP_MSG_OFF;
    options.presolve = GLP_ON;
    options.tm_lim = 20'000;  // milliseconds
    const bool solved = glp_intopt(problem, &options) == 0 && glp_mip_status(problem) == GLP_OPT;
    const auto value = static_cast<int64_t>(std::llround(glp_mip_obj_val(problem)));
    glp_delete_prob(problem);
    if (!solved) throw std::runtime_error("the attacker's program was not solved");
    (direction == GLP_MIN ? range.first : range.second) = value;
  }
  return range;
}

std::pair<int64_t, int64_t> Attacker::RangeOf(size_t table, const std::string& name) const {
  return Solve(FigureOf(table, name));
}

std::vector<std::string> Attacker::Broken(int64_t numbers) const {
  std::vector<std::string> broken;
  std::set<int> done;
  for (size_t t = 0; t < tables_.size(); ++t) {
    for (const AttackedFigure& figure : tables_[t].figures) {
      if (!figure.guarded || !done.insert(FigureOf(t, figure.name)).second) continue;
      ++attacked_;
      const auto [least, most] = Solve(FigureOf(t, figure.name));
      if (most - least + 1 >= numbers) continue;
      broken.push_back(figure.name + " of table " + std::to_string(t) + " is " +
                       std::to_string(figure.truth) + ": found between " + std::to_string(least) +
                       " and " + std::to_string(most));
    }
  }
  return broken;
}

}  // namespace caseledger::testing
