#include "services/app/cli/print/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "services/app/cli/print/text_table.h"
#include "services/app/cli/text/csv.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

constexpr size_t kMostLabelColumns = 60;

std::string GroupText(const v1::ReportRow& group, std::string_view unknown) {
  std::string text;
  for (const std::string& value : group.group()) {
    if (!text.empty()) text += " · ";
    text += value.empty() ? unknown : value;
  }
  return text;
}

}  // namespace

std::string ReportAsCsv(const v1::RunReportResponse& report) {
  int most_fields = 0;
  for (const v1::ReportRow& row : report.rows()) {
    most_fields = std::max(most_fields, row.group_fields_size());
  }
  std::string text = "row,parent,value,unit,label_vi,label_en";
  for (int i = 1; i <= most_fields; ++i) text += fmt::format(",group_field_{0},group_{0}", i);
  text += "\n";
  for (const v1::ReportRow& row : report.rows()) {
    text +=
        fmt::format("{},{},{},{},{},{}", CsvQuote(row.row()), CsvQuote(row.parent()), row.value(),
                    CsvQuote(row.unit()), CsvQuote(row.label_vi()), CsvQuote(row.label_en()));
    for (int i = 0; i < most_fields; ++i) {
      // Of a group each field is named, so that the row itself is told from what is not known.
      const bool has = i < row.group_size();
      text += fmt::format(",{},{}", has ? CsvQuote(row.group_fields(i)) : "",
                          has ? CsvQuote(row.group(i)) : "");
    }
    text += "\n";
  }
  return text;
}

std::string ReportAsTable(const v1::RunReportResponse& report) {
  TextTable table({{"row"},
                   {"value", Align::kRight},
                   {"unit"},
                   {"label (vi)", Align::kLeft, kMostLabelColumns},
                   {"label (en)", Align::kLeft, kMostLabelColumns}});
  std::map<std::string, size_t> depths;
  for (const v1::ReportRow& row : report.rows()) {
    const auto parent = depths.find(row.parent());
    const size_t depth = parent == depths.end() ? 0 : parent->second + 1;
    depths.emplace(row.row(), depth);
    const std::string indent(2 * depth, ' ');
    if (!row.group().empty()) {
      table.AddRow({indent + "  ·", std::to_string(row.value()), row.unit(),
                    indent + "  " + GroupText(row, "không rõ"),
                    indent + "  " + GroupText(row, "unknown")});
      continue;
    }
    table.AddRow({indent + row.row(), std::to_string(row.value()), row.unit(),
                  indent + row.label_vi(), indent + row.label_en()});
  }
  return fmt::format(
      "{}@{}, from {} to {} (exclusive), {} events of the ledger reflected\n\n{}",
      report.report_id(), report.version(), FormatLocal(FromTimestamp(report.from_time())),
      FormatLocal(FromTimestamp(report.to_time())), report.reflected_events(), table.ToString());
}

}  // namespace caseledger::cli
