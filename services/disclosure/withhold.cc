#include "services/disclosure/withhold.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "services/disclosure/linear_program.h"

namespace caseledger::disclosure {
namespace {

// Of a solution's number, what counts as none.
constexpr double kNothing = 1e-6;
constexpr double kNearlyWhole = 1e-4;
// How far inside the true bounds are taken to lie where a solution is not whole: relations are
// nearly always such that it is (sums of sums), and by how much it is not is seen in tests alone.
constexpr double kGap = 2;
// What it costs to let a figure differ that is not shown anyway: little, so that few do.
constexpr double kHiddenCost = 1e-3;
// Programs that may be solved to show again what need not be withheld.
constexpr int kMostTrials = 4'000;

// Figures that are related, directly or through others.
struct Component {
  std::vector<size_t> figures;
  std::vector<size_t> relations;
};

std::vector<Component> ComponentsOf(const Relations& all) {
  std::vector<size_t> root(all.figures.size());
  std::iota(root.begin(), root.end(), size_t{0});
  const auto find = [&root](size_t figure) {
    while (root[figure] != figure) figure = root[figure] = root[root[figure]];
    return figure;
  };
  for (const Relation& relation : all.relations) {
    for (const Term& term : relation) root[find(term.figure)] = find(relation.front().figure);
  }
  std::map<size_t, Component> components;
  for (size_t i = 0; i < all.figures.size(); ++i) components[find(i)].figures.push_back(i);
  for (size_t i = 0; i < all.relations.size(); ++i) {
    if (all.relations[i].empty()) continue;
    components[find(all.relations[i].front().figure)].relations.push_back(i);
  }
  std::vector<Component> found;
  found.reserve(components.size());
  for (auto& [first, component] : components) found.push_back(std::move(component));
  return found;
}

// Adds up equal columns of a row, as a figure may stand in a relation twice.
class Entries {
 public:
  void Add(size_t row, size_t column, double factor) { sums_[{column, row}] += factor; }
  std::vector<LinearProgram::Entry> Take() const {
    std::vector<LinearProgram::Entry> entries;
    for (const auto& [place, factor] : sums_) {
      if (factor != 0) entries.push_back({place.second, place.first, factor});
    }
    return entries;
  }

 private:
  std::map<std::pair<size_t, size_t>, double> sums_;
};

// What the figures of a component that are not shown may be.
class Knowledge {
 public:
  Knowledge(const Relations& all, const Component& component) {
    for (const size_t figure : component.figures) {
      if (!all.figures[figure].shown) columns_.emplace(figure, columns_.size());
    }
    std::vector<double> right_sides;
    Entries entries;
    for (const size_t relation : component.relations) {
      double known = 0;
      for (const Term& term : all.relations[relation]) {
        const auto column = columns_.find(term.figure);
        if (column == columns_.end()) {
          known += term.sign * static_cast<double>(all.figures[term.figure].value);
        } else {
          entries.Add(right_sides.size(), column->second, term.sign);
        }
      }
      right_sides.push_back(-known);
    }
    program_.emplace(
        std::vector<LinearProgram::Column>(columns_.size(), {.lower = 0, .upper = kNoBound}),
        entries.Take(), right_sides);
  }

  std::optional<Bounds> Of(size_t figure) {
    const size_t column = columns_.at(figure);
    std::vector<double> costs(columns_.size(), 0);
    costs[column] = 1;
    program_->SetCosts(costs);
    const auto least = program_->Solve();
    if (!least.has_value()) return std::nullopt;
    costs[column] = -1;
    program_->SetCosts(costs);
    const auto most = program_->Solve();
    if (!most.has_value()) return std::nullopt;
    // Numbers are whole, and where a solution's are not, the true bounds lie inside these.
    return Bounds{(*least)[column] + (IsWhole(*least) ? 0 : kGap),
                  (*most)[column] - (IsWhole(*most) ? 0 : kGap)};
  }

 private:
  static bool IsWhole(const std::vector<double>& solution) {
    return std::all_of(solution.begin(), solution.end(), [](double value) {
      return std::abs(value - std::round(value)) < kNearlyWhole;
    });
  }

  std::map<size_t, size_t> columns_;
  std::optional<LinearProgram> program_;
};

class Chooser {
 public:
  Chooser(Relations& all, const Component& component, uint64_t smallest_shown, int& trials,
          Withheld& out)
      : all_(all), component_(component), smallest_(smallest_shown), trials_(trials), out_(out) {}

  void Run() {
    for (const size_t figure : component_.figures) {
      Figure& one = all_.figures[figure];
      if (one.guarded && one.may_withhold && one.value < smallest_) Hide(figure);
    }
    // The less is shown, the less is known: what is safe stays safe.
    knowledge_.emplace(all_, component_);
    for (const size_t figure : component_.figures) {
      const Figure& one = all_.figures[figure];
      if (!one.guarded || one.shown) continue;
      while (!IsSafe(*knowledge_, figure) && !given_away_.contains(figure)) {
        if (!Protect(figure)) given_away_.insert(figure);
        knowledge_.emplace(all_, component_);
      }
    }
    // Where a figure cannot be helped, nothing more than needed is told about it.
    if (given_away_.empty()) ShowAgain();
    out_.figures.insert(out_.figures.end(), hidden_.begin(), hidden_.end());
    out_.exposed.insert(out_.exposed.end(), given_away_.begin(), given_away_.end());
  }

 private:
  void Hide(size_t figure) {
    all_.figures[figure].shown = false;
    hidden_.insert(figure);
  }

  bool IsSafe(Knowledge& knowledge, size_t figure) const {
    const std::optional<Bounds> bounds = knowledge.Of(figure);
    return bounds.has_value() && bounds->LeavesOpen(smallest_);
  }

  // Hides what it takes that the figure may be anything in a range of `smallest_` numbers.
  bool Protect(size_t figure) {
    const auto value = static_cast<double>(all_.figures[figure].value);
    const auto range = static_cast<double>(smallest_ - 1);
    const auto most_down = static_cast<int>(std::min(range, value));
    for (int lower = 0; lower <= most_down; ++lower) {
      const double down = lower;
      const auto rise = Otherwise(figure, range - down);
      const auto fall = down > 0 ? Otherwise(figure, -down) : std::vector<size_t>();
      if (!rise.has_value() || !fall.has_value()) continue;
      bool any = false;
      for (const auto& differing : {*rise, *fall}) {
        for (const size_t other : differing) {
          any = true;
          Hide(other);
        }
      }
      // Else the tables may be otherwise as they are, and yet the figure was found not to be safe:
      // the whole numbers that are left are fewer than the range is wide.
      if (any) return true;
    }
    // Nothing helps but to show as little as can be.
    bool any = false;
    for (const size_t other : component_.figures) {
      if (!all_.figures[other].may_withhold || !all_.figures[other].shown) continue;
      any = true;
      Hide(other);
    }
    return any;
  }

  // Which shown figures would have to differ, at the least cost, for the figure to differ by
  // `change`; nullopt when no table is like that.
  std::optional<std::vector<size_t>> Otherwise(size_t figure, double change) const {
    std::vector<LinearProgram::Column> columns;  // of each figure its rise, then its fall
    std::map<size_t, size_t> first_column;
    for (const size_t other : component_.figures) {
      const Figure& one = all_.figures[other];
      if (one.shown && !one.may_withhold) continue;
      first_column.emplace(other, columns.size());
      // The larger a figure, the more is lost with it: sums rather stay.
      const double cost =
          one.shown ? 1 + std::log2(1 + static_cast<double>(one.value)) : kHiddenCost;
      LinearProgram::Column rise{.lower = 0, .upper = kNoBound, .cost = cost};
      LinearProgram::Column fall{.lower = 0, .upper = static_cast<double>(one.value), .cost = cost};
      if (other == figure) {
        rise.lower = rise.upper = std::max(change, 0.0);
        fall.lower = fall.upper = std::max(-change, 0.0);
      }
      columns.push_back(rise);
      columns.push_back(fall);
    }
    Entries entries;
    for (size_t row = 0; row < component_.relations.size(); ++row) {
      for (const Term& term : all_.relations[component_.relations[row]]) {
        const auto column = first_column.find(term.figure);
        if (column == first_column.end()) continue;
        entries.Add(row, column->second, term.sign);
        entries.Add(row, column->second + 1, -term.sign);
      }
    }
    LinearProgram program(columns, entries.Take(),
                          std::vector<double>(component_.relations.size(), 0));
    const auto solution = program.Solve();
    if (!solution.has_value()) return std::nullopt;
    std::vector<size_t> differing;
    for (const auto& [other, column] : first_column) {
      if (!all_.figures[other].shown) continue;
      if ((*solution)[column] > kNothing || (*solution)[column + 1] > kNothing) {
        differing.push_back(other);
      }
    }
    return differing;
  }

  // The heuristic looks at one figure after the other, so that what it hid for an early one may be
  // superfluous after a later one.
  void ShowAgain() {
    std::vector<size_t> beside;
    for (const size_t figure : hidden_) {
      if (!all_.figures[figure].guarded) beside.push_back(figure);
    }
    std::stable_sort(beside.begin(), beside.end(), [this](size_t a, size_t b) {
      return all_.figures[a].value > all_.figures[b].value;
    });
    for (const size_t figure : beside) {
      if (trials_ <= 0) return;
      all_.figures[figure].shown = true;
      if (AllSafe()) {
        hidden_.erase(figure);
      } else {
        all_.figures[figure].shown = false;
      }
    }
  }

  bool AllSafe() {
    Knowledge knowledge(all_, component_);
    for (const size_t figure : component_.figures) {
      const Figure& one = all_.figures[figure];
      if (!one.guarded || one.shown || given_away_.contains(figure)) continue;
      if (--trials_ <= 0 || !IsSafe(knowledge, figure)) return false;
    }
    return true;
  }

  Relations& all_;
  const Component& component_;
  const uint64_t smallest_;
  int& trials_;
  Withheld& out_;
  std::optional<Knowledge> knowledge_;
  std::set<size_t> hidden_;
  std::set<size_t> given_away_;
};

}  // namespace

bool Bounds::LeavesOpen(uint64_t numbers) const {
  return std::floor(most + kNothing) - std::ceil(least - kNothing) + 1 >=
         static_cast<double>(numbers);
}

std::optional<Bounds> BoundsOf(const Relations& relations, size_t figure) {
  for (const Component& component : ComponentsOf(relations)) {
    if (!std::binary_search(component.figures.begin(), component.figures.end(), figure)) continue;
    return Knowledge(relations, component).Of(figure);
  }
  return std::nullopt;
}

Withheld Withhold(Relations relations, uint64_t smallest_shown) {
  Withheld out;
  int trials = kMostTrials;
  for (const Component& component : ComponentsOf(relations)) {
    const bool touched =
        std::any_of(component.figures.begin(), component.figures.end(),
                    [&](size_t figure) { return relations.figures[figure].may_withhold; });
    if (touched) Chooser(relations, component, smallest_shown, trials, out).Run();
  }
  std::sort(out.figures.begin(), out.figures.end());
  std::sort(out.exposed.begin(), out.exposed.end());
  return out;
}

}  // namespace caseledger::disclosure
