#include "services/app/cli/print/report_text.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "services/app/cli/print/figures.h"
#include "services/app/cli/print/text_table.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {

std::string ReportAsCsv(const v1::RunReportResponse& report) {
  return FiguresAsCsv(report.rows(), [](const v1::ReportRow& row) { return row.value(); });
}

std::string ReportAsTable(const v1::RunReportResponse& report) {
  TextTable table({{"row"},
                   {"value", Align::kRight},
                   {"unit"},
                   {"label (vi)", Align::kLeft, kMostLabelColumns},
                   {"label (en)", Align::kLeft, kMostLabelColumns}});
  FigureIndents indents;
  for (const v1::ReportRow& row : report.rows()) {
    FigureNames names = indents.NamesOf(row);
    table.AddRow({std::move(names.row), std::to_string(row.value()), row.unit(),
                  std::move(names.label_vi), std::move(names.label_en)});
  }
  return fmt::format(
      "{}@{}, from {} to {} (exclusive), {} events of the ledger reflected\n\n{}",
      report.report_id(), report.version(), FormatLocal(FromTimestamp(report.from_time())),
      FormatLocal(FromTimestamp(report.to_time())), report.reflected_events(), table.ToString());
}

}  // namespace caseledger::cli
