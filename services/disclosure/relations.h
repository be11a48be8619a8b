// What everybody knows of figures: which of them add up to which others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace caseledger::disclosure {

// A figure of a table, or one that no table tells but that follows from two that do, such as what
// is left of a row when one of its parts is taken away. Figures are numbers of things: none is
// below 0.
struct Figure {
  uint64_t value = 0;
  bool shown = false;         // everybody knows it
  bool may_withhold = false;  // shown, but not published yet
  bool guarded = false;       // when it is not shown, nobody must be able to compute it
};

struct Term {
  size_t figure = 0;  // index into Relations::figures
  int sign = 1;       // 1 or -1
};

// The terms add up to 0, and everybody knows that they do.
using Relation = std::vector<Term>;

struct Relations {
  std::vector<Figure> figures;
  std::vector<Relation> relations;

  size_t Add(const Figure& figure) {
    figures.push_back(figure);
    return figures.size() - 1;
  }
};

}  // namespace caseledger::disclosure
