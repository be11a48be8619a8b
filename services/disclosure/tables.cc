#include "services/disclosure/tables.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/disclosure/counted.h"
#include "services/disclosure/relations.h"
#include "services/disclosure/withhold.h"

namespace caseledger::disclosure {
namespace {

using absl::StrCat;

// Ways to make up a period of others that are looked at, for one figure of one period at one time.
constexpr size_t kMostChains = 500;

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

// What is left of a period without others inside it that have nothing in common; nullopt: nothing.
std::optional<Period> RestOf(const Period& whole, std::set<std::pair<int64_t, int64_t>> taken) {
  Period rest{whole.from, whole.to};
  while (!taken.empty() && taken.begin()->first == rest.from) {
    rest.from = taken.begin()->second;
    taken.erase(taken.begin());
  }
  while (!taken.empty() && std::prev(taken.end())->second == rest.to) {
    rest.to = std::prev(taken.end())->first;
    taken.erase(std::prev(taken.end()));
  }
  if (rest.from >= rest.to) return std::nullopt;
  rest.without = std::move(taken);
  return rest;
}

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

// The same figure in one sheet.
struct Version {
  Period period;
  size_t figure = 0;
  size_t table = 0;
  bool told = true;
};

struct Family {
  bool adds_up = false;
  std::vector<Version> versions;
};

// A row as it takes part in relations.
struct RowFigure {
  size_t sheet = 0;
  size_t row = 0;
  size_t figure = 0;
};

class World {
 public:
  World(const std::vector<const Table*>& tables, uint64_t smallest_shown)
      : tables_(tables), smallest_(smallest_shown) {
    for (const Table* table : tables) counted_.push_back(CountedBy(table->definition));
    for (size_t t = 0; t < tables.size(); ++t) sheets_.push_back(SheetOf(t));
    for (Sheet& sheet : sheets_) AddGroupsOfOthers(sheet);
    AddRests();
    for (size_t s = 0; s < sheets_.size(); ++s) AddSheet(s);
    for (const auto& [where, rows] : by_stem_) RelateParts(rows);
    for (const auto& [whole, parts, rest] : rests_) RelateRest(whole, parts, rest);
    for (const auto& [key, family] : families_) RelatePeriods(family);
  }

  const Relations& relations() const { return relations_; }
  size_t FigureOfRow(size_t table, size_t row) const { return rows_.at({table, row}); }
  // Nothing for a group of a row all of whose groups are withheld.
  const size_t* FigureOfGroup(size_t table, size_t row,
                              const std::vector<std::string>& values) const {
    const auto found = groups_.find({table, row, values});
    return found == groups_.end() ? nullptr : &found->second;
  }

 private:
  const Counted& CountedIn(const Sheet& sheet, size_t row) const {
    return counted_[sheet.table].at(row);
  }
  bool IsNext(const Sheet& sheet) const { return sheet.told && sheet.table + 1 == tables_.size(); }

  Sheet SheetOf(size_t t) {
    const Table& table = *tables_[t];
    Sheet sheet{t, {table.from_us, table.to_us}, /*told=*/true, {}};
    for (size_t r = 0; r < table.rows.size(); ++r) {
      const TableRow& row = table.rows[r];
      SheetRow& out = sheet.rows.emplace_back();
      out.cell = Cell{row.value, row.withheld};
      if (!MaySplit(counted_[t].at(r))) continue;
      for (const TableGroup& group : row.groups) {
        out.groups[group.values] = {group.value, group.withheld, /*is_listed=*/true};
        labels_[counted_[t][r].Key()].insert(group.values);
      }
    }
    return sheet;
  }

  // Nobody is told that a group has nothing, but that is what it has.
  void AddGroupsOfOthers(Sheet& sheet) {
    for (size_t r = 0; r < sheet.rows.size(); ++r) {
      const Counted& counted = CountedIn(sheet, r);
      const auto labels = labels_.find(counted.Key());
      if (labels == labels_.end() || !MaySplit(counted)) continue;
      for (const auto& values : labels->second) {
        sheet.rows[r].groups.try_emplace(values, Cell{0, /*withheld=*/true, /*is_listed=*/false});
      }
    }
  }

  // Whether the figure was split otherwise before, which would let groups of one kind be computed
  // from those of another.
  bool MaySplit(const Counted& counted) {
    if (counted.split.empty() || counted.split_by_time) return false;
    return splits_.try_emplace(counted.Key(), counted.split).first->second == counted.split;
  }

  // What tables and those of the same report inside their periods say of the rest of these, at each
  // publication by what was told last of each period.
  void AddRests() {
    std::map<std::string, std::map<Period, size_t>> newest;  // by report
    for (size_t t = 0; t < tables_.size(); ++t) {
      std::map<Period, size_t>& periods = newest[tables_[t]->definition.report_id()];
      periods[sheets_[t].period] = t;
      for (const auto& [period, table] : periods) AddRestsOf(table, periods);
    }
  }

  void AddRestsOf(size_t t, const std::map<Period, size_t>& periods) {
    std::vector<size_t> inside;
    for (const auto& [period, other] : periods) {
      if (sheets_[t].period.Holds(period)) inside.push_back(other);
    }
    std::vector<size_t> largest;
    bool disjoint = true;
    for (const size_t one : inside) {
      AddRest(t, {one});
      const bool held = std::any_of(inside.begin(), inside.end(), [&](size_t other) {
        return sheets_[other].period.Holds(sheets_[one].period);
      });
      if (held) continue;
      disjoint = disjoint &&
                 (largest.empty() || sheets_[largest.back()].period.to <= sheets_[one].period.from);
      largest.push_back(one);
    }
    if (disjoint && largest.size() > 1) AddRest(t, largest);
  }

  void AddRest(size_t t, const std::vector<size_t>& parts) {
    if (!has_rests_.insert({t, parts}).second) return;
    std::set<std::pair<int64_t, int64_t>> taken;
    for (const size_t part : parts) {
      taken.emplace(sheets_[part].period.from, sheets_[part].period.to);
    }
    const std::optional<Period> period = RestOf(sheets_[t].period, taken);
    if (!period.has_value()) return;
    Sheet rest{t, *period, /*told=*/false, {}};
    for (size_t r = 0; r < sheets_[t].rows.size(); ++r) {
      rest.rows.push_back(RestOfRow(t, r, parts));
    }
    rests_.emplace_back(t, parts, sheets_.size());
    sheets_.push_back(std::move(rest));
  }

  SheetRow RestOfRow(size_t t, size_t r, const std::vector<size_t>& parts) const {
    const Counted& counted = counted_[t][r];
    SheetRow rest;
    if (!counted.adds_up) return rest;
    uint64_t value = sheets_[t].rows[r].cell->value;
    std::map<std::vector<std::string>, Cell> groups = sheets_[t].rows[r].groups;
    for (const size_t part : parts) {
      const SheetRow* row = RowLike(counted, part);
      if (row == nullptr || row->cell->value > value) return rest;
      value -= row->cell->value;
      for (const auto& [values, cell] : row->groups) {
        const auto group = groups.find(values);
        if (group == groups.end() || group->second.value < cell.value) {
          groups.clear();
          break;
        }
        group->second.value -= cell.value;
      }
    }
    rest.cell = Cell{value, /*withheld=*/true, /*is_listed=*/false};
    rest.groups = std::move(groups);
    return rest;
  }

  const SheetRow* RowLike(const Counted& counted, size_t table) const {
    for (size_t r = 0; r < counted_[table].size(); ++r) {
      if (counted_[table][r].Key() == counted.Key()) return &sheets_[table].rows[r];
    }
    return nullptr;
  }

  size_t Tell(const Sheet& sheet, const std::string& key, const Period& period, const Cell& cell,
              bool guarded) {
    const auto [place, is_new] =
        identities_.try_emplace({key, period, cell.value}, relations_.figures.size());
    if (is_new) relations_.Add({.value = cell.value, .guarded = guarded});
    Figure& figure = relations_.figures[place->second];
    if (!IsNext(sheet) || !cell.is_listed) {
      figure.shown = figure.shown || (sheet.told && !cell.withheld);
    } else if (!figure.shown) {
      figure.shown = figure.may_withhold = true;
    }
    return place->second;
  }

  void AddSheet(size_t s) {
    const Sheet& sheet = sheets_[s];
    std::map<std::string, size_t> by_name;
    for (size_t r = 0; r < sheet.rows.size(); ++r) {
      const SheetRow& row = sheet.rows[r];
      if (!row.cell.has_value()) continue;
      const Counted& counted = CountedIn(sheet, r);
      const std::string key = counted.Key();
      const Period period =
          counted.at_end ? Period{sheet.period.to, sheet.period.to} : sheet.period;
      const size_t figure = Tell(sheet, key, period, *row.cell, row.cell->value < smallest_);
      rows_[{s, r}] = figure;
      by_name[tables_[sheet.table]->rows[r].row] = figure;
      by_stem_[{counted.stem, period}].push_back({s, r, figure});
      AddToFamily(key, counted, {period, figure, sheet.table, sheet.told});
      AddGroups(s, r, key, period);
    }
    for (const v1::Identity& identity : tables_[sheet.table]->definition.identities()) {
      std::vector<size_t> parts;
      for (const std::string& part : identity.sum_of()) {
        if (by_name.contains(part)) parts.push_back(by_name.at(part));
      }
      const auto whole = by_name.find(identity.row());
      if (whole == by_name.end() || static_cast<int>(parts.size()) != identity.sum_of_size()) {
        continue;
      }
      RelateExactly(whole->second, parts);
    }
  }

  void AddToFamily(const std::string& key, const Counted& counted, const Version& version) {
    if (counted.at_end) return;  // no period holds another
    Family& family = families_[key];
    family.adds_up = counted.adds_up;
    family.versions.push_back(version);
  }

  void AddGroups(size_t s, size_t r, const std::string& key, const Period& period) {
    const Sheet& sheet = sheets_[s];
    const Counted& counted = CountedIn(sheet, r);
    std::vector<size_t> parts;
    uint64_t sum = 0;
    for (const auto& [values, cell] : sheet.rows[r].groups) {
      const std::string own_key =
          StrCat(key, "\x1f\x1f", counted.split, "\x1f\x1f", absl::StrJoin(values, "\x1e"));
      const size_t figure =
          Tell(sheet, own_key, period, cell, cell.value > 0 && cell.value < smallest_);
      groups_[{s, r, values}] = figure;
      parts.push_back(figure);
      sum += cell.value;
      AddToFamily(own_key, counted, {period, figure, sheet.table, sheet.told});
    }
    if (parts.empty()) return;
    const size_t whole = rows_.at({s, r});
    RelateSum(whole, parts, /*guard_rest=*/false, /*all_parts=*/true);
    if (sum == Value(whole)) return;
    for (const size_t part : parts) RelateSum(whole, {part}, /*guard_rest=*/false);
  }

  uint64_t Value(size_t figure) const { return relations_.figures[figure].value; }

  // Only when it is so.
  void RelateExactly(size_t whole, std::vector<size_t> parts) {
    std::sort(parts.begin(), parts.end());
    uint64_t sum = 0;
    Relation relation = {{whole, -1}};
    for (const size_t part : parts) {
      sum += Value(part);
      relation.push_back({part, 1});
    }
    if (sum != Value(whole) || !exact_.insert({whole, parts}).second) return;
    relations_.relations.push_back(std::move(relation));
    if (parts.size() != 2) return;
    has_rest_.insert({whole, parts[0]});
    has_rest_.insert({whole, parts[1]});
  }

  // That the parts and a rest make up the whole, or are more than it: by how much, nobody is told.
  // `all_parts`: there are no others.
  void RelateSum(size_t whole, const std::vector<size_t>& parts, bool guard_rest,
                 bool all_parts = false) {
    if (!sums_.insert({whole, parts}).second) return;
    Relation relation = {{whole, -1}};
    uint64_t sum = 0;
    for (const size_t part : parts) {
      relation.push_back({part, 1});
      sum += Value(part);
    }
    const uint64_t all = Value(whole);
    if (sum > all) {
      relation.push_back({relations_.Add({.value = sum - all}), -1});
    } else if (sum < all || (parts.size() == 1 && !all_parts)) {
      // That one part is the whole, no reader can know; nor need it be guarded that nothing else
      // is.
      const bool small = sum < all && all - sum < smallest_;
      relation.push_back({relations_.Add({.value = all - sum, .guarded = guard_rest && small}), 1});
    }
    relations_.relations.push_back(std::move(relation));
  }

  // Rows of one period that count the same with more or fewer filters.
  void RelateParts(const std::vector<RowFigure>& rows) {
    for (const RowFigure& whole : rows) {
      for (const RowFigure& part : rows) {
        const bool is_part = CountedIn(sheets_[part.sheet], part.row)
                                 .IsPartOf(CountedIn(sheets_[whole.sheet], whole.row));
        if (!is_part || !MayCompare(part, whole)) continue;
        if (Value(part.figure) > Value(whole.figure)) continue;
        RelateSum(whole.figure, {part.figure}, /*guard_rest=*/true);
      }
      RelateCodes(whole, rows);
    }
  }

  const std::string& ReportOf(const RowFigure& row) const {
    return tables_[sheets_[row.sheet].table]->definition.report_id();
  }

  // Figures of one sheet, or of different reports: versions of one report differ in when they were
  // told.
  bool MayCompare(const RowFigure& a, const RowFigure& b) const {
    return a.sheet == b.sheet || ReportOf(a) != ReportOf(b);
  }

  // Parts of a row, in its own sheet, that take different codes of one field.
  void RelateCodes(const RowFigure& whole, const std::vector<RowFigure>& rows) {
    const Sheet& sheet = sheets_[whole.sheet];
    const Counted& counted = CountedIn(sheet, whole.row);
    const v1::ReportDefinition& definition = tables_[sheet.table]->definition;
    std::map<std::string, std::vector<size_t>> parts;
    std::map<std::string, std::set<std::string>> taken;
    for (const RowFigure& row : rows) {
      if (row.sheet != whole.sheet) continue;
      const Counted& part = CountedIn(sheet, row.row);
      if (!part.IsPartOf(counted) || part.filters.size() != counted.filters.size() + 1) continue;
      const CodesOf only = OnlyCodes(definition.indicators(static_cast<int>(row.row)));
      std::set<std::string>& codes = taken[only.field];
      const bool overlaps = std::any_of(only.codes.begin(), only.codes.end(),
                                        [&](const auto& code) { return codes.contains(code); });
      if (only.field.empty() || overlaps) continue;
      codes.insert(only.codes.begin(), only.codes.end());
      parts[only.field].push_back(row.figure);
    }
    for (const auto& [field, figures] : parts) {
      uint64_t sum = 0;
      for (const size_t figure : figures) sum += Value(figure);
      if (figures.size() < 2 || sum > Value(whole.figure)) continue;
      RelateSum(whole.figure, figures, /*guard_rest=*/false);
    }
  }

  // At each publication, what was told last of each period.
  void RelatePeriods(const Family& family) {
    std::map<Period, size_t> newest;
    size_t t = SIZE_MAX;
    for (const Version& version : family.versions) {
      if (!version.told) continue;
      if (version.table != t && t != SIZE_MAX) RelateNewest(family, newest);
      t = version.table;
      newest[version.period] = version.figure;
    }
    RelateNewest(family, newest);
  }

  void RelateNewest(const Family& family, const std::map<Period, size_t>& newest) {
    for (const auto& [whole, figure] : newest) {
      size_t chains = 0;
      std::vector<size_t> chain;
      FollowChains(family, newest, {whole, figure}, whole.from, chain, chains);
      for (const auto& [part, of_part] : newest) {
        if (!whole.Holds(part) || Value(of_part) > Value(figure)) continue;
        // The rest, where it is known, tells more.
        if (has_rest_.contains({figure, of_part})) continue;
        RelateSum(figure, {of_part}, /*guard_rest=*/false);
      }
    }
  }

  // A period that others make up, one after another.
  void FollowChains(const Family& family, const std::map<Period, size_t>& newest,
                    const std::pair<Period, size_t>& whole, int64_t at, std::vector<size_t>& chain,
                    size_t& chains) {
    for (auto next = newest.lower_bound({at, INT64_MIN}); next != newest.end(); ++next) {
      const auto& [period, figure] = *next;
      if (period.from != at || chains >= kMostChains) return;
      if (period.to > whole.first.to || period == whole.first) continue;
      chain.push_back(figure);
      if (period.to < whole.first.to) {
        FollowChains(family, newest, whole, period.to, chain, chains);
      } else {
        ++chains;
        if (family.adds_up) {
          RelateExactly(whole.second, chain);
        } else {
          RelateAtMost(whole.second, chain);
        }
      }
      chain.pop_back();
    }
  }

  // The whole is no more than its parts together.
  void RelateAtMost(size_t whole, const std::vector<size_t>& parts) {
    uint64_t sum = 0;
    for (const size_t part : parts) sum += Value(part);
    if (sum >= Value(whole)) RelateSum(whole, parts, /*guard_rest=*/false);
  }

  void RelateRest(size_t whole, const std::vector<size_t>& parts, size_t rest) {
    for (size_t r = 0; r < sheets_[rest].rows.size(); ++r) {
      const SheetRow& row = sheets_[rest].rows[r];
      if (!row.cell.has_value()) continue;
      const std::string key = counted_[whole][r].Key();
      std::vector<size_t> figures = {rows_.at({rest, r})};
      std::vector<size_t> in_part;  // the row's number in each part
      for (const size_t part : parts) {
        for (size_t p = 0; p < counted_[part].size(); ++p) {
          if (counted_[part][p].Key() != key) continue;
          figures.push_back(rows_.at({part, p}));
          in_part.push_back(p);
          break;
        }
      }
      RelateExactly(rows_.at({whole, r}), figures);
      for (const auto& [values, cell] : row.groups) {
        std::vector<size_t> of_group = {groups_.at({rest, r, values})};
        for (size_t i = 0; i < parts.size(); ++i) {
          if (const size_t* group = FigureOfGroup(parts[i], in_part[i], values)) {
            of_group.push_back(*group);
          }
        }
        RelateExactly(groups_.at({whole, r, values}), of_group);
      }
    }
  }

  const std::vector<const Table*>& tables_;
  const uint64_t smallest_;
  std::vector<std::vector<Counted>> counted_;  // by table
  std::vector<Sheet> sheets_;                  // of the tables, then the rests
  std::vector<std::tuple<size_t, std::vector<size_t>, size_t>> rests_;  // whole, parts, rest
  std::set<std::pair<size_t, std::vector<size_t>>> has_rests_;          // whole, parts
  Relations relations_;
  std::map<std::tuple<std::string, Period, uint64_t>, size_t> identities_;
  std::set<std::pair<size_t, std::vector<size_t>>> exact_;
  std::set<std::pair<size_t, std::vector<size_t>>> sums_;
  std::set<std::pair<size_t, size_t>> has_rest_;  // a whole and one of its two parts
  std::map<std::string, std::set<std::vector<std::string>>> labels_;  // of each key, its groups
  std::map<std::string, std::string> splits_;                         // of each key, the first
  std::map<std::pair<size_t, size_t>, size_t> rows_;                  // by sheet and row
  std::map<std::tuple<size_t, size_t, std::vector<std::string>>, size_t> groups_;
  std::map<std::pair<std::string, Period>, std::vector<RowFigure>> by_stem_;
  std::map<std::string, Family> families_;
};

}  // namespace

std::vector<Exposed> WithholdFrom(Table& next, const std::vector<Table>& before,
                                  uint64_t smallest_shown) {
  std::vector<const Table*> tables;
  tables.reserve(before.size() + 1);
  for (const Table& table : before) tables.push_back(&table);
  tables.push_back(&next);
  const World world(tables, smallest_shown);
  const Withheld chosen = Withhold(world.relations(), smallest_shown);
  const auto contains = [](const std::vector<size_t>& sorted, size_t figure) {
    return std::binary_search(sorted.begin(), sorted.end(), figure);
  };
  for (size_t r = 0; r < next.rows.size(); ++r) {
    TableRow& row = next.rows[r];
    row.withheld = contains(chosen.figures, world.FigureOfRow(before.size(), r));
    for (TableGroup& group : row.groups) {
      const size_t* figure = world.FigureOfGroup(before.size(), r, group.values);
      group.withheld = figure == nullptr || contains(chosen.figures, *figure);
    }
  }
  std::vector<Exposed> exposed;
  for (size_t t = 0; t < tables.size() && !chosen.exposed.empty(); ++t) {
    for (size_t r = 0; r < tables[t]->rows.size(); ++r) {
      const TableRow& row = tables[t]->rows[r];
      if (contains(chosen.exposed, world.FigureOfRow(t, r))) exposed.push_back({t, row.row});
      for (const TableGroup& group : row.groups) {
        const size_t* figure = world.FigureOfGroup(t, r, group.values);
        if (figure == nullptr || !contains(chosen.exposed, *figure)) continue;
        exposed.push_back({t, StrCat(row.row, "/", absl::StrJoin(group.values, ","))});
      }
    }
  }
  return exposed;
}

}  // namespace caseledger::disclosure
