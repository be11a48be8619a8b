// Figures in relation to others, as a definition asks for them: computed from what is told, so that
// they tell nothing more.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "caseledger/v1/report_definition.pb.h"

namespace caseledger::projections {

// A figure as somebody may see it.
struct ToldFigure {
  std::optional<uint64_t> value;  // nullopt: not by them
  bool withheld = false;          // from those who may not see exact figures
};

// The figures of a report as somebody may see them. Not thread-safe.
class ToldFigures {
 public:
  // `all_groups`: every group that has anything is told, so that any other has 0.
  explicit ToldFigures(bool all_groups) : all_groups_(all_groups) {}

  // Of a row. `groups_withheld`: from those who may not see exact figures, some are.
  void TellRow(const std::string& row, const std::vector<std::string>& group_fields,
               const ToldFigure& figure, bool groups_withheld);
  // Of a group of a row that was told.
  void TellGroup(const std::string& row, const std::vector<std::string>& group,
                 const ToldFigure& figure);

  // In the definition's order, the groups of each after it in the order in which those of `among`
  // were told. A ratio of rows that were not told is left out.
  std::vector<v1::RatioFigure> Ratios(const v1::ReportDefinition& definition) const;

 private:
  using Group = std::vector<std::string>;
  struct Row {
    std::vector<std::string> group_fields;
    ToldFigure figure;
    bool groups_withheld = false;
    std::vector<Group> groups;  // as they were told
    std::map<Group, ToldFigure> figures;
  };

  ToldFigure FigureOf(const Row& row, const Group& group) const;

  const bool all_groups_;
  std::map<std::string, Row> rows_;
};

// `of` for each `per` of `among`, rounded half up to one digit after the point: `12.5`; "" when
// `among` is 0. `per` is at most 1,000,000.
std::string RatioText(uint64_t of, uint64_t among, uint32_t per);

}  // namespace caseledger::projections
