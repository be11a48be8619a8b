// Tries to compute withheld figures from published ones.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace caseledger::testing {

struct AttackedFigure {
  std::string name;  // what is counted; the same name counts the same, in every table
  std::string
      part_of;  // a figure of the same table that counts everything that this counts; "": none
  uint64_t truth = 0;
  bool shown = false;
  bool adds_up = false;  // figures of two periods add up to that of both
  bool at_end = false;   // looks at the end of the period alone: no period holds another
  bool guarded = false;  // it is withheld for being small
};

struct AttackedTable {
  int64_t from = 0;
  int64_t to = 0;  // exclusive
  std::vector<AttackedFigure> figures;
  // The first is the sum of the others.
  std::vector<std::vector<std::string>> sums;
};

// Knows all tables, how their figures hang together, that all are whole numbers from 0 on, and,
// where the truth is so, that a figure did not change between two tables and that periods, as told
// last at some time, add up: no real attacker can be sure of more.
class Attacker {
 public:
  explicit Attacker(const std::vector<AttackedTable>& tables);

  // Least and greatest value the figure may have, at most 100,000.
  std::pair<int64_t, int64_t> RangeOf(size_t table, const std::string& name) const;

  // Guarded figures of which fewer than `numbers` values are possible, in words.
  std::vector<std::string> Broken(int64_t numbers) const;
  // How many were attacked.
  size_t attacked() const { return attacked_; }

 private:
  using Key = std::tuple<std::string, int64_t, int64_t, uint64_t>;  // name, period, truth
  // Sum of factor times figure lies in [least, most].
  struct Fact {
    std::vector<std::pair<int, double>> terms;
    std::optional<double> least;
    std::optional<double> most;
  };

  int FigureOf(size_t table, const std::string& name) const;
  double Truth(const std::vector<std::pair<int, double>>& terms) const;
  void AddSum(int whole, const std::vector<int>& parts);
  void AddAtMost(int part, int whole);
  void LearnTable(size_t table);
  void LearnPeriods();
  void LearnOf(const std::map<std::pair<int64_t, int64_t>, int>& periods, bool adds_up);
  std::pair<int64_t, int64_t> Solve(int figure) const;

  const std::vector<AttackedTable>& tables_;
  std::map<Key, int> indices_;
  std::vector<uint64_t> truths_;
  std::vector<bool> shown_;
  std::vector<Fact> facts_;
  std::set<std::vector<std::pair<int, double>>> known_;  // of facts
  mutable size_t attacked_ = 0;
};

}  // namespace caseledger::testing
