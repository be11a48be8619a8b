// Tables and what follows from them for periods that nobody published: all of one shape, so that
// the same relations hold inside each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/disclosure/counted.h"
#include "services/disclosure/tables.h"

namespace caseledger::disclosure {

struct Period {
  int64_t from = 0;
  int64_t to = 0;
  std::set<std::pair<int64_t, int64_t>> without = {};  // gaps, none at an end

  bool Holds(const Period& other) const {
    return from <= other.from && other.to <= to && *this != other;
  }
  bool IsWhole() const { return without.empty(); }
  auto operator<=>(const Period&) const = default;
};

struct Cell {
  uint64_t value = 0;
  bool withheld = false;
  bool is_listed = true;  // false: a group that another table of the row has, and this one has not
};

// A row of a sheet, with its groups.
struct SheetRow {
  std::optional<Cell> cell;  // nothing: not known of this sheet
  std::map<std::vector<std::string>, Cell> groups;
};

// The figures of one period: a table, or what follows from two tables for the rest of a period,
// which nobody told.
struct Sheet {
  size_t table = 0;  // whose definition it goes by
  Period period;
  bool told = true;
  std::vector<SheetRow> rows;
};

// What the parts of a whole leave: sheets by their numbers. The parts have nothing in common.
struct Rest {
  size_t whole = 0;
  std::vector<size_t> parts;
  size_t rest = 0;
};

class Sheets {
 public:
  // The tables must outlive this.
  explicit Sheets(const std::vector<const Table*>& tables);

  // The tables' in their order, then the rests.
  const std::vector<Sheet>& all() const { return sheets_; }
  const std::vector<Rest>& rests() const { return rests_; }
  const Table& TableOf(const Sheet& sheet) const { return *tables_[sheet.table]; }
  const Counted& CountedIn(const Sheet& sheet, size_t row) const {
    return counted_[sheet.table].at(row);
  }
  // The last table's.
  bool IsNext(const Sheet& sheet) const { return sheet.told && sheet.table + 1 == tables_.size(); }
  // The row of the sheet that counts the same; nullopt: none.
  std::optional<size_t> RowLike(const Counted& counted, const Sheet& sheet) const;

 private:
  // Whether the figure was split in no other way before: else groups of one kind could be computed
  // from those of another.
  bool MaySplit(const Counted& counted);
  Sheet SheetOf(size_t t);
  // Nobody is told that a group has nothing, but that is what it has.
  void AddGroupsOfOthers(Sheet& sheet);
  // What tables and those of the same report inside their periods say of the rest of these, at each
  // publication by what was told last of each period.
  void AddRests();
  void AddRestsOf(size_t t, const std::map<Period, size_t>& periods);
  void AddRest(size_t t, const std::vector<size_t>& parts);
  SheetRow RestOfRow(size_t t, size_t r, const std::vector<size_t>& parts) const;

  const std::vector<const Table*> tables_;
  std::vector<std::vector<Counted>> counted_;  // by table
  std::vector<Sheet> sheets_;
  std::vector<Rest> rests_;
  std::set<std::pair<size_t, std::vector<size_t>>> has_rests_;        // whole, parts
  std::map<std::string, std::set<std::vector<std::string>>> labels_;  // of each key, its groups
  std::map<std::string, std::string> splits_;                         // of each key, the first
};

}  // namespace caseledger::disclosure
