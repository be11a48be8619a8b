// What tables and CSV files of reports have in common, computed or published: rows under their
// parents, and the groups they are split into.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "services/app/cli/text/csv.h"

namespace caseledger::cli {

// Most terminal columns of a label.
inline constexpr size_t kMostLabelColumns = 60;

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

// Header and one line a figure, ended by LF. `value_of` gives the text of its value.
template <typename Figures, typename ValueOf>
std::string FiguresAsCsv(const Figures& figures, const ValueOf& value_of,
                         const LastColumn<typename Figures::value_type>& last = {}) {
  int most_fields = 0;
  for (const auto& figure : figures)
    most_fields = std::max(most_fields, figure.group_fields_size());
  std::string text = "row,parent,value,unit,label_vi,label_en";
  for (int i = 1; i <= most_fields; ++i) text += fmt::format(",group_field_{0},group_{0}", i);
  text += last.title.empty() ? "\n" : "," + last.title + "\n";
  for (const auto& figure : figures) {
    text += fmt::format("{},{},{},{},{},{}", CsvText(figure.row()), CsvText(figure.parent()),
                        value_of(figure), CsvText(figure.unit()), CsvText(figure.label_vi()),
                        CsvText(figure.label_en()));
    for (int i = 0; i < most_fields; ++i) {
      // Of a group each field is named, so that the row itself is told from what is not known.
      const bool has = i < figure.group_size();
      text += fmt::format(",{},{}", has ? CsvText(figure.group_fields(i)) : "",
                          has ? CsvText(figure.group(i)) : "");
    }
    text += last.title.empty() ? "\n" : "," + last.text_of(figure) + "\n";
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

}  // namespace caseledger::cli
