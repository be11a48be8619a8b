// What tables and CSV files of reports have in common, computed or published: rows under their
// parents, and the groups they are split into.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/report_definition.pb.h"
#include "services/app/cli/print/text_table.h"
#include "services/app/cli/text/csv.h"

namespace caseledger::cli {

// Most terminal columns of a label.
inline constexpr size_t kMostLabelColumns = 60;

// A ratio as a line among the rows: its unit says for how many it is told.
inline v1::ReportRow RatioRow(const v1::RatioFigure& ratio) {
  v1::ReportRow row;
  row.set_row(ratio.ratio());
  row.set_unit(ratio.per() == 100 ? "%" : fmt::format("per {}", ratio.per()));
  row.set_label_vi(ratio.label_vi());
  row.set_label_en(ratio.label_en());
  *row.mutable_group_fields() = ratio.group_fields();
  *row.mutable_group() = ratio.group();
  return row;
}

// Text of a field of CSV, safe in spreadsheets.
inline std::string CsvText(const std::string& text) { return CsvQuote(CsvSafe(text)); }

// How the value of a group is told: what is not known, and what cannot be told in the units that
// are asked for (`ReportRow.group`), in words.
inline std::string GroupValueText(const std::string& value, bool vietnamese) {
  if (value.empty()) return vietnamese ? "không rõ" : "unknown";
  if (value == "not_attributable") return vietnamese ? "không quy được" : "not attributable";
  return value;
}

// A group's values.
template <typename Figure>
std::string GroupText(const Figure& group, bool vietnamese) {
  std::string text;
  for (const std::string& value : group.group()) {
    if (!text.empty()) text += " · ";
    text += GroupValueText(value, vietnamese);
  }
  return text;
}

// One more column of a CSV file.
template <typename Figure>
struct LastColumn {
  std::string title;  // "": there is none
  std::string (*text_of)(const Figure&) = nullptr;
};

using Ratios = google::protobuf::RepeatedPtrField<v1::RatioFigure>;

// Header and one line a figure, then one a ratio, ended by LF. `value_of` gives the text of a
// figure's value.
template <typename Figures, typename ValueOf>
std::string FiguresAsCsv(const Figures& figures, const ValueOf& value_of, const Ratios& ratios,
                         const LastColumn<typename Figures::value_type>& last = {}) {
  int most_fields = 0;
  for (const auto& figure : figures)
    most_fields = std::max(most_fields, figure.group_fields_size());
  for (const auto& ratio : ratios) most_fields = std::max(most_fields, ratio.group_fields_size());
  std::string text = "row,parent,value,unit,label_vi,label_en";
  for (int i = 1; i <= most_fields; ++i) text += fmt::format(",group_field_{0},group_{0}", i);
  text += last.title.empty() ? "\n" : "," + last.title + "\n";
  const auto add = [&](const auto& figure, const auto& value) {
    text +=
        fmt::format("{},{},{},{},{},{}", CsvText(figure.row()), CsvText(figure.parent()), value,
                    CsvText(figure.unit()), CsvText(figure.label_vi()), CsvText(figure.label_en()));
    for (int i = 0; i < most_fields; ++i) {
      // Of a group each field is named, so that the row itself is told from what is not known.
      const bool has = i < figure.group_size();
      text += fmt::format(",{},{}", has ? CsvText(figure.group_fields(i)) : "",
                          has ? CsvText(figure.group(i)) : "");
    }
  };
  for (const auto& figure : figures) {
    add(figure, value_of(figure));
    text += last.title.empty() ? "\n" : "," + last.text_of(figure) + "\n";
  }
  for (const auto& ratio : ratios) {
    add(RatioRow(ratio), ratio.value());
    text += last.title.empty() ? "\n" : ",\n";
  }
  return text;
}

// How a figure is called in a table: its row under its parent, or its group under its row.
struct FigureNames {
  std::string row;
  std::string label_vi;
  std::string label_en;
};

// Rows come before their parts and groups.
class FigureIndents {
 public:
  template <typename Figure>
  FigureNames NamesOf(const Figure& figure) {
    const auto parent = depths_.find(figure.parent());
    const size_t depth = parent == depths_.end() ? 0 : parent->second + 1;
    depths_.emplace(figure.row(), depth);
    const std::string indent(2 * depth, ' ');
    if (figure.group().empty()) {
      return {indent + figure.row(), indent + figure.label_vi(), indent + figure.label_en()};
    }
    return {indent + "  ·", indent + "  " + GroupText(figure, true),
            indent + "  " + GroupText(figure, false)};
  }

 private:
  std::map<std::string, size_t> depths_;
};

// A table of the ratios, to be shown below that of the rows; "" without any. `value_of` gives the
// text of a ratio's value.
template <typename ValueOf>
std::string RatiosAsTable(const Ratios& ratios, const ValueOf& value_of) {
  if (ratios.empty()) return "";
  TextTable table({{"ratio"},
                   {"value", Align::kRight},
                   {"unit"},
                   {"label (vi)", Align::kLeft, kMostLabelColumns},
                   {"label (en)", Align::kLeft, kMostLabelColumns}});
  FigureIndents indents;
  for (const v1::RatioFigure& ratio : ratios) {
    const v1::ReportRow row = RatioRow(ratio);
    FigureNames names = indents.NamesOf(row);
    table.AddRow({std::move(names.row), value_of(ratio), row.unit(), std::move(names.label_vi),
                  std::move(names.label_en)});
  }
  return "\n" + table.ToString();
}

}  // namespace caseledger::cli
