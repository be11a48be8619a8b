#include "services/disclosure/tables.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/disclosure/counted.h"
#include "services/disclosure/relations.h"
#include "services/disclosure/sheets.h"
#include "services/disclosure/withhold.h"

namespace caseledger::disclosure {
namespace {

using absl::StrCat;

// Ways to make up a period of others that are looked at, for one figure of one period at one time.
constexpr size_t kMostChains = 500;

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
  // Rests below `smallest_shown` are guarded.
  World(const Sheets& sheets, uint64_t smallest_shown) : all_(sheets), smallest_(smallest_shown) {
    for (size_t s = 0; s < all_.all().size(); ++s) AddSheet(s);
    for (const auto& [where, rows] : by_stem_) RelateParts(rows);
    for (const Rest& rest : all_.rests()) RelateRest(rest);
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
  const Sheet& SheetAt(size_t s) const { return all_.all()[s]; }

  size_t Tell(const Sheet& sheet, const std::string& key, const Period& period, const Cell& cell,
              bool guarded) {
    const auto [place, is_new] =
        identities_.try_emplace({key, period, cell.value}, relations_.figures.size());
    if (is_new) relations_.Add({.value = cell.value});
    Figure& figure = relations_.figures[place->second];
    figure.guarded = figure.guarded || guarded;
    if (!all_.IsNext(sheet) || !cell.is_listed) {
      figure.shown = figure.shown || (sheet.told && !cell.withheld);
    } else if (!figure.shown) {
      figure.shown = figure.may_withhold = true;
    }
    return place->second;
  }

  void AddSheet(size_t s) {
    const Sheet& sheet = SheetAt(s);
    const uint64_t smallest = all_.TableOf(sheet).smallest_shown;
    std::map<std::string, size_t> by_name;
    for (size_t r = 0; r < sheet.rows.size(); ++r) {
      const SheetRow& row = sheet.rows[r];
      if (!row.cell.has_value()) continue;
      const Counted& counted = all_.CountedIn(sheet, r);
      const std::string key = counted.Key();
      const Period period =
          counted.at_end ? Period{sheet.period.to, sheet.period.to} : sheet.period;
      const size_t figure = Tell(sheet, key, period, *row.cell, row.cell->value < smallest);
      rows_[{s, r}] = figure;
      by_name[all_.TableOf(sheet).rows[r].row] = figure;
      by_stem_[{counted.stem, period}].push_back({s, r, figure});
      AddToFamily(key, counted, {period, figure, sheet.table, sheet.told});
      AddGroups(s, r, key, period);
    }
    for (const v1::Identity& identity : all_.TableOf(sheet).definition.identities()) {
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
    const Sheet& sheet = SheetAt(s);
    const Counted& counted = all_.CountedIn(sheet, r);
    std::vector<size_t> parts;
    uint64_t sum = 0;
    for (const auto& [values, cell] : sheet.rows[r].groups) {
      const std::string own_key =
          StrCat(key, "\x1f\x1f", counted.split, "\x1f\x1f", absl::StrJoin(values, "\x1e"));
      const size_t figure = Tell(sheet, own_key, period, cell,
                                 cell.value > 0 && cell.value < all_.TableOf(sheet).smallest_shown);
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
        const bool is_part = all_.CountedIn(SheetAt(part.sheet), part.row)
                                 .IsPartOf(all_.CountedIn(SheetAt(whole.sheet), whole.row));
        if (!is_part || !MayCompare(part, whole)) continue;
        if (Value(part.figure) > Value(whole.figure)) continue;
        RelateSum(whole.figure, {part.figure}, /*guard_rest=*/true);
      }
      RelateCodes(whole, rows);
    }
  }

  const std::string& ReportOf(const RowFigure& row) const {
    return all_.TableOf(SheetAt(row.sheet)).definition.report_id();
  }

  // Figures of one sheet, or of different reports: versions of one report differ in when they were
  // told.
  bool MayCompare(const RowFigure& a, const RowFigure& b) const {
    return a.sheet == b.sheet || ReportOf(a) != ReportOf(b);
  }

  // Parts of a row, in its own sheet, that take different codes of one field.
  void RelateCodes(const RowFigure& whole, const std::vector<RowFigure>& rows) {
    const Sheet& sheet = SheetAt(whole.sheet);
    const Counted& counted = all_.CountedIn(sheet, whole.row);
    std::map<std::string, std::vector<size_t>> parts;
    std::map<std::string, std::set<std::string>> taken;
    for (const RowFigure& row : rows) {
      if (row.sheet != whole.sheet) continue;
      const CodesOf by = all_.CountedIn(sheet, row.row).NarrowedBy(counted);
      std::set<std::string>& codes = taken[by.field];
      const bool overlaps = std::any_of(by.codes.begin(), by.codes.end(),
                                        [&](const auto& code) { return codes.contains(code); });
      if (by.field.empty() || overlaps) continue;
      codes.insert(by.codes.begin(), by.codes.end());
      parts[by.field].push_back(row.figure);
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

  // By what rows and groups count, since the sheets may go by different definitions.
  void RelateRest(const Rest& rest) {
    const Sheet& whole = SheetAt(rest.whole);
    for (size_t r = 0; r < SheetAt(rest.rest).rows.size(); ++r) {
      const SheetRow& row = SheetAt(rest.rest).rows[r];
      if (!row.cell.has_value()) continue;
      std::vector<size_t> figures = {rows_.at({rest.rest, r})};
      std::vector<size_t> in_part;  // the row's number in each part
      for (const size_t part : rest.parts) {
        in_part.push_back(*all_.RowLike(all_.CountedIn(whole, r), SheetAt(part)));
        figures.push_back(rows_.at({part, in_part.back()}));
      }
      RelateExactly(rows_.at({rest.whole, r}), figures);
      for (const auto& [values, cell] : row.groups) {
        std::vector<size_t> of_group = {groups_.at({rest.rest, r, values})};
        for (size_t i = 0; i < rest.parts.size(); ++i) {
          if (const size_t* group = FigureOfGroup(rest.parts[i], in_part[i], values)) {
            of_group.push_back(*group);
          }
        }
        RelateExactly(groups_.at({rest.whole, r, values}), of_group);
      }
    }
  }

  const Sheets& all_;
  const uint64_t smallest_;
  Relations relations_;
  std::map<std::tuple<std::string, Period, uint64_t>, size_t> identities_;
  std::set<std::pair<size_t, std::vector<size_t>>> exact_;
  std::set<std::pair<size_t, std::vector<size_t>>> sums_;
  std::set<std::pair<size_t, size_t>> has_rest_;      // a whole and one of its two parts
  std::map<std::pair<size_t, size_t>, size_t> rows_;  // by sheet and row
  std::map<std::tuple<size_t, size_t, std::vector<std::string>>, size_t> groups_;
  std::map<std::pair<std::string, Period>, std::vector<RowFigure>> by_stem_;
  std::map<std::string, Family> families_;
};

}  // namespace

std::vector<Exposed> WithholdFrom(Table& next, const std::vector<Table>& before) {
  std::vector<const Table*> tables;
  tables.reserve(before.size() + 1);
  for (const Table& table : before) tables.push_back(&table);
  tables.push_back(&next);
  // Whoever was promised more keeps it.
  uint64_t smallest_shown = next.smallest_shown;
  for (const Table& table : before) smallest_shown = std::max(smallest_shown, table.smallest_shown);
  const Sheets sheets(tables);
  const World world(sheets, smallest_shown);
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
