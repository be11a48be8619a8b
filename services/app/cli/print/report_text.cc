#include "services/app/cli/print/report_text.h"

#include <fmt/format.h>

#include <map>

#include "services/app/cli/print/text_table.h"
#include "services/app/cli/text/csv.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

constexpr size_t kMostLabelColumns = 60;

}  // namespace

std::string ReportAsCsv(const v1::RunReportResponse& report) {
  std::string text = "row,parent,value,unit,label_vi,label_en\n";
  for (const v1::ReportRow& row : report.rows()) {
    text +=
        fmt::format("{},{},{},{},{},{}\n", CsvQuote(row.row()), CsvQuote(row.parent()), row.value(),
                    CsvQuote(row.unit()), CsvQuote(row.label_vi()), CsvQuote(row.label_en()));
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
    table.AddRow({indent + row.row(), std::to_string(row.value()), row.unit(),
                  indent + row.label_vi(), indent + row.label_en()});
  }
  return fmt::format(
      "{}@{}, from {} to {} (exclusive), {} events of the ledger reflected\n\n{}",
      report.report_id(), report.version(), FormatLocal(FromTimestamp(report.from_time())),
      FormatLocal(FromTimestamp(report.to_time())), report.reflected_events(), table.ToString());
}

}  // namespace caseledger::cli
