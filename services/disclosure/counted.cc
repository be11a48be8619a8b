#include "services/disclosure/counted.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "projections/report_facts/catalogue.h"

namespace caseledger::disclosure {
namespace {

using absl::StrCat;

// Parts of a key, none of which holds a control character.
constexpr char kPart[] = "\x1f";
constexpr char kItem[] = "\x1e";

template <typename Texts>
std::string Sorted(const Texts& texts) {
  const std::set<std::string> sorted(texts.begin(), texts.end());
  return absl::StrJoin(sorted, kItem);
}

std::string TextOf(const v1::Filter& filter) {
  std::set<std::string> places;
  for (const v1::Place& place : filter.within()) {
    places.insert(StrCat(place.code(), "@", place.version()));
  }
  return absl::StrJoin(
      {filter.field(), Sorted(filter.any_of()), Sorted(filter.none_of()),
       filter.has_min() ? StrCat(filter.min()) : "", filter.has_max() ? StrCat(filter.max()) : "",
       Sorted(places), std::string(filter.or_unknown() ? "?" : "")},
      kPart);
}

CodesOf CodesIn(const v1::Filter& filter) {
  const bool says_more = filter.none_of_size() > 0 || filter.has_min() || filter.has_max() ||
                         filter.within_size() > 0 || filter.or_unknown();
  if (says_more) return {};
  return {filter.field(), {filter.any_of().begin(), filter.any_of().end()}};
}

std::string TextOf(const v1::Grouping& grouping) {
  return StrCat(grouping.field(), kPart, absl::StrJoin(grouping.edges(), kItem), kPart,
                Sorted(grouping.unit_kinds()), kPart, grouping.unit_version());
}

// What a row says of itself or takes over from the row that it narrows.
struct Said {
  std::string fact;
  std::string persons;
  std::string count = "fact";
  v1::PeriodRule period = v1::PERIOD_RULE_UNSPECIFIED;
  std::map<std::string, CodesOf> filters;
  std::string split;
  bool split_by_time = false;
};

bool IsSpan(const std::string& fact) {
  const auto found = projections::FindCountedFact(fact);
  return found.ok() && found->span != nullptr;
}

void Narrow(const v1::Indicator& row, Said& said) {
  if (!row.fact().empty()) said.fact = row.fact();
  if (!row.persons().empty()) said.persons = row.persons();
  if (!row.count().empty()) said.count = row.count();
  if (!row.sum().empty()) said.count = StrCat("sum ", row.sum());
  if (row.period() != v1::PERIOD_RULE_UNSPECIFIED) {
    said.period = row.period();
  } else if (said.period == v1::PERIOD_RULE_UNSPECIFIED) {
    said.period =
        IsSpan(said.fact) ? v1::PERIOD_RULE_OVERLAPS_PERIOD : v1::PERIOD_RULE_OCCURRED_IN_PERIOD;
  }
  for (const v1::Filter& filter : row.filters())
    said.filters.emplace(TextOf(filter), CodesIn(filter));
  if (row.by().empty()) return;
  said.split.clear();
  said.split_by_time = false;
  for (const v1::Grouping& grouping : row.by()) {
    absl::StrAppend(&said.split, TextOf(grouping), kPart);
    if (grouping.field() == "at.date" || grouping.field() == "at.month") said.split_by_time = true;
  }
}

}  // namespace

std::string Counted::Key() const {
  std::string key = stem;
  for (const auto& [text, codes] : filters) absl::StrAppend(&key, kPart, kPart, text);
  return key;
}

bool Counted::IsPartOf(const Counted& whole) const {
  if (stem != whole.stem || filters.size() <= whole.filters.size()) return false;
  return std::all_of(whole.filters.begin(), whole.filters.end(),
                     [this](const auto& filter) { return filters.contains(filter.first); });
}

CodesOf Counted::NarrowedBy(const Counted& whole) const {
  if (!IsPartOf(whole) || filters.size() != whole.filters.size() + 1) return {};
  for (const auto& [text, codes] : filters) {
    if (!whole.filters.contains(text)) return codes;
  }
  return {};
}

std::vector<Counted> CountedBy(const v1::ReportDefinition& definition) {
  std::map<std::string, Said> by_row;
  std::vector<Counted> all;
  for (const v1::Indicator& row : definition.indicators()) {
    Said said;
    if (const auto parent = by_row.find(row.parent());
        row.fact().empty() && parent != by_row.end()) {
      said = parent->second;
    }
    Narrow(row, said);
    Counted& counted = all.emplace_back();
    counted.stem = absl::StrJoin({definition.time_zone(), said.fact, said.persons, said.count,
                                  v1::PeriodRule_Name(said.period)},
                                 kPart);
    counted.filters = said.filters;
    counted.split = said.split;
    counted.split_by_time = said.split_by_time;
    counted.at_end = said.period == v1::PERIOD_RULE_IN_FORCE_AT_PERIOD_END;
    counted.adds_up =
        !counted.at_end && said.period != v1::PERIOD_RULE_OVERLAPS_PERIOD &&
        (said.count == "fact" || said.count == "contact" || said.count.starts_with("sum "));
    by_row.insert_or_assign(row.row(), std::move(said));
  }
  return all;
}

}  // namespace caseledger::disclosure
