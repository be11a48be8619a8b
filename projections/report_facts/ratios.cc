#include "projections/report_facts/ratios.h"

#include "absl/numeric/int128.h"
#include "eventstore/base/strings.h"

namespace caseledger::projections {
namespace {

constexpr uint32_t kPercent = 100;

// How each row is split: a part that says nothing else, as its whole. Rows that are split by one
// field, but into other groups of it, have no groups in common.
std::map<std::string, std::string> SplitsOf(const v1::ReportDefinition& definition) {
  std::map<std::string, std::string> splits;
  for (const v1::Indicator& indicator : definition.indicators()) {
    std::string& split = splits[indicator.row()];
    if (indicator.by().empty() && indicator.fact().empty()) split = splits[indicator.parent()];
    for (const v1::Grouping& grouping : indicator.by()) {
      const std::string bytes = grouping.SerializeAsString();
      split += StrCat(bytes.size(), ":", bytes);
    }
  }
  return splits;
}

void Relate(const ToldFigure& of, const ToldFigure& among, v1::RatioFigure& ratio) {
  ratio.set_withheld(of.withheld || among.withheld);
  if (!of.value.has_value() || !among.value.has_value()) return;
  ratio.set_value(RatioText(*of.value, *among.value, ratio.per()));
}

}  // namespace

void ToldFigures::TellRow(const std::string& row, const std::vector<std::string>& group_fields,
                          const ToldFigure& figure, bool groups_withheld) {
  rows_[row] = {group_fields, figure, groups_withheld, {}, {}};
}

void ToldFigures::TellGroup(const std::string& row, const std::vector<std::string>& group,
                            const ToldFigure& figure) {
  Row& told = rows_[row];
  told.groups.push_back(group);
  told.figures.emplace(group, figure);
}

ToldFigure ToldFigures::FigureOf(const Row& row, const Group& group) const {
  const auto found = row.figures.find(group);
  if (found != row.figures.end()) return found->second;
  // Nobody but who sees all groups knows whether it has nothing or is withheld.
  if (row.groups_withheld && !all_groups_) return {std::nullopt, true};
  return {0, row.groups_withheld};
}

std::vector<v1::RatioFigure> ToldFigures::Ratios(const v1::ReportDefinition& definition) const {
  std::vector<v1::RatioFigure> figures;
  std::map<std::string, std::string> splits = SplitsOf(definition);
  for (const v1::Ratio& ratio : definition.ratios()) {
    const auto of = rows_.find(ratio.of());
    const auto among = rows_.find(ratio.among());
    if (of == rows_.end() || among == rows_.end()) continue;
    const bool split_alike = splits[ratio.of()] == splits[ratio.among()];
    v1::RatioFigure whole;
    whole.set_ratio(ratio.ratio());
    whole.set_label_vi(ratio.label_vi());
    whole.set_label_en(ratio.label_en());
    whole.set_per(ratio.per() == 0 ? kPercent : ratio.per());
    if (split_alike) {
      for (const std::string& field : of->second.group_fields) whole.add_group_fields(field);
    }
    v1::RatioFigure figure = whole;
    Relate(of->second.figure, among->second.figure, figure);
    figures.push_back(std::move(figure));
    if (!split_alike) continue;
    for (const Group& group : among->second.groups) {
      figure = whole;
      figure.mutable_group()->Add(group.begin(), group.end());
      Relate(FigureOf(of->second, group), FigureOf(among->second, group), figure);
      figures.push_back(std::move(figure));
    }
  }
  return figures;
}

std::string RatioText(uint64_t of, uint64_t among, uint32_t per) {
  if (among == 0) return "";
  const absl::uint128 twice = absl::uint128(of) * per * 20;
  const absl::uint128 tenths = (twice + among) / (absl::uint128(among) * 2);
  // At most 2^64 times 10^7: too much for 64 bits, and no text is made of 128 by the library.
  std::string digits;
  for (absl::uint128 left = tenths; left > 0; left /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(left % 10)));
  }
  while (digits.size() < 2) digits.insert(digits.begin(), '0');
  return StrCat(digits.substr(0, digits.size() - 1), ".", digits.substr(digits.size() - 1));
}

}  // namespace caseledger::projections
