// Reports, computed or published, as tables that leave the system.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "services/app/cli/print/figures.h"
#include "services/app/cli/print/row_columns.h"
#include "services/app/cli/print/sheet.h"

namespace caseledger::cli {

// Row, the row it is a part of, label, value, counting unit, a column for each field that any row
// is split by, and in each row what the whole is of, such as its period: rows are sorted and
// copied.
class FigureColumns {
 public:
  // A field and its value.
  using About = std::vector<std::pair<std::string, SheetCell>>;

  // `more`: a field whose value is told beside that of the figure; "": none.
  template <typename Figures>
  FigureColumns(const Figures& figures, const Ratios& ratios, About about, bool vietnamese,
                std::string more = "")
      : about_(std::move(about)), more_(std::move(more)), vietnamese_(vietnamese) {
    AddFields(figures);
    AddFields(ratios);
  }

  std::vector<std::string> Titles() const {
    std::vector<std::string> titles =
        vietnamese_
            ? std::vector<std::string>{"Mục", "Thuộc mục", "Nội dung", "Giá trị", "Đơn vị tính"}
            : std::vector<std::string>{"Row", "Part of", "Label", "Value", "Unit"};
    if (!more_.empty()) titles.push_back(ColumnTitle(more_, vietnamese_));
    for (const std::string& field : fields_) titles.push_back(ColumnTitle(field, vietnamese_));
    for (const auto& each : about_) titles.push_back(ColumnTitle(each.first, vietnamese_));
    return titles;
  }

  template <typename Figure>
  std::vector<SheetCell> CellsOf(const Figure& figure, SheetCell value, SheetCell more = {}) const {
    std::vector<SheetCell> cells{figure.row(), figure.parent(),
                                 vietnamese_ ? figure.label_vi() : figure.label_en(),
                                 std::move(value), figure.unit()};
    if (!more_.empty()) cells.push_back(std::move(more));
    for (const std::string& field : fields_) cells.push_back(GroupCell(figure, field));
    for (const auto& each : about_) cells.push_back(each.second);
    return cells;
  }

 private:
  template <typename Figures>
  void AddFields(const Figures& figures) {
    for (const auto& figure : figures) {
      for (const std::string& field : figure.group_fields()) {
        if (std::find(fields_.begin(), fields_.end(), field) == fields_.end()) {
          fields_.push_back(field);
        }
      }
    }
  }

  // A group names all its fields: so the row itself, which names none, is told from what is not
  // known.
  template <typename Figure>
  SheetCell GroupCell(const Figure& figure, const std::string& field) const {
    for (int i = 0; i < figure.group_size(); ++i) {
      if (figure.group_fields(i) != field) continue;
      return GroupValueText(figure.group(i), vietnamese_);
    }
    return {};
  }

  std::vector<std::string> fields_;
  const About about_;
  const std::string more_;
  const bool vietnamese_;
};

}  // namespace caseledger::cli
