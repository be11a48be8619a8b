#include "services/disclosure/sheets.h"

#include <algorithm>
#include <iterator>

namespace caseledger::disclosure {
namespace {

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

}  // namespace

Sheets::Sheets(const std::vector<const Table*>& tables) : tables_(tables) {
  for (const Table* table : tables) counted_.push_back(CountedBy(table->definition));
  for (size_t t = 0; t < tables.size(); ++t) sheets_.push_back(SheetOf(t));
  for (Sheet& sheet : sheets_) AddGroupsOfOthers(sheet);
  AddRests();
}

std::optional<size_t> Sheets::RowLike(const Counted& counted, const Sheet& sheet) const {
  for (size_t r = 0; r < sheet.rows.size(); ++r) {
    if (CountedIn(sheet, r).Key() == counted.Key()) return r;
  }
  return std::nullopt;
}

Sheet Sheets::SheetOf(size_t t) {
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

void Sheets::AddGroupsOfOthers(Sheet& sheet) {
  for (size_t r = 0; r < sheet.rows.size(); ++r) {
    const Counted& counted = CountedIn(sheet, r);
    const auto labels = labels_.find(counted.Key());
    if (labels == labels_.end() || !MaySplit(counted)) continue;
    for (const auto& values : labels->second) {
      sheet.rows[r].groups.try_emplace(values, Cell{0, /*withheld=*/true, /*is_listed=*/false});
    }
  }
}

bool Sheets::MaySplit(const Counted& counted) {
  if (counted.split.empty() || counted.split_by_time) return false;
  return splits_.try_emplace(counted.Key(), counted.split).first->second == counted.split;
}

void Sheets::AddRests() {
  std::map<std::string, std::map<Period, size_t>> newest;  // by report
  for (size_t t = 0; t < tables_.size(); ++t) {
    std::map<Period, size_t>& periods = newest[tables_[t]->definition.report_id()];
    periods[sheets_[t].period] = t;
    for (const auto& [period, table] : periods) AddRestsOf(table, periods);
  }
}

void Sheets::AddRestsOf(size_t t, const std::map<Period, size_t>& periods) {
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

void Sheets::AddRest(size_t t, const std::vector<size_t>& parts) {
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
  rests_.push_back({t, parts, sheets_.size()});
  sheets_.push_back(std::move(rest));
}

SheetRow Sheets::RestOfRow(size_t t, size_t r, const std::vector<size_t>& parts) const {
  const Counted& counted = counted_[t][r];
  SheetRow rest;
  if (!counted.adds_up) return rest;
  uint64_t value = sheets_[t].rows[r].cell->value;
  std::map<std::vector<std::string>, Cell> groups = sheets_[t].rows[r].groups;
  for (const size_t part : parts) {
    const std::optional<size_t> like = RowLike(counted, sheets_[part]);
    if (!like.has_value()) return rest;
    const SheetRow& row = sheets_[part].rows[*like];
    if (row.cell->value > value) return rest;
    value -= row.cell->value;
    for (const auto& [values, cell] : row.groups) {
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

}  // namespace caseledger::disclosure
