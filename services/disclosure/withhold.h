// Chooses which figures are withheld so that no guarded one can be computed from those that are
// shown.
//
// Whoever looks at the tables knows every relation between the figures and that none is below 0;
// what is withheld for being small and what is withheld beside it look the same. A guarded figure
// is safe while that leaves at least `smallest_shown` numbers it may be: no fewer than if it were
// only known to be small. Complementary suppression as in Fischetti and Salazar-González, "Models
// and Algorithms for Optimizing Cell Suppression in Tabular Data with Linear Constraints" (JASA
// 2000), by their linear heuristic: for each figure that is not safe the cheapest way in which the
// tables could be otherwise.
//
// Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "services/disclosure/relations.h"

namespace caseledger::disclosure {

// What is known of a figure that is not shown.
struct Bounds {
  double least = 0;
  double most = 0;  // kNoBound when nothing limits it

  bool LeavesOpen(uint64_t numbers) const;
};
// Far above any figure, and near enough to them for a solver's arithmetic.
inline constexpr double kNoBound = 1e8;

// Of the figure, which is not shown; nullopt when the program was not solved.
std::optional<Bounds> BoundsOf(const Relations& relations, size_t figure);

struct Withheld {
  // Figures that must not be shown, rising: all those below `smallest_shown` that may be withheld
  // and are guarded, and those it takes beside them.
  std::vector<size_t> figures;
  // Guarded figures that can be computed all the same, whatever is withheld: what was shown before
  // gives them away.
  std::vector<size_t> exposed;
};

// Every figure that is guarded has a value below `smallest_shown`, which is 2 or more.
Withheld Withhold(Relations relations, uint64_t smallest_shown);

}  // namespace caseledger::disclosure
