#include "services/app/cli/print/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "services/app/cli/print/figures.h"
#include "services/app/cli/print/text_table.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {

bool HasNotAttributable(const v1::RunReportResponse& report) {
  return std::ranges::any_of(report.rows(),
                             [](const v1::ReportRow& row) { return row.not_attributable() > 0; });
}

std::string ReportAsCsv(const v1::RunReportResponse& report) {
  LastColumn<v1::ReportRow> last;
  if (HasNotAttributable(report)) {
    last = {"not_attributable", [](const v1::ReportRow& row) {
              return row.group().empty() ? std::to_string(row.not_attributable()) : "";
            }};
  }
  return FiguresAsCsv(
      report.rows(), [](const v1::ReportRow& row) { return row.value(); }, report.ratios(), last);
}

std::string ReportAsTable(const v1::RunReportResponse& report) {
  const bool beside = HasNotAttributable(report);
  std::vector<TextTable::Heading> columns{{"row"}, {"value", Align::kRight}};
  if (beside) columns.push_back({"not attributable", Align::kRight});
  columns.push_back({"unit"});
  columns.push_back({"label (vi)", Align::kLeft, kMostLabelColumns});
  columns.push_back({"label (en)", Align::kLeft, kMostLabelColumns});
  TextTable table(std::move(columns));
  FigureIndents indents;
  for (const v1::ReportRow& row : report.rows()) {
    FigureNames names = indents.NamesOf(row);
    std::vector<std::string> cells{std::move(names.row), std::to_string(row.value())};
    if (beside) {
      cells.push_back(row.not_attributable() > 0 ? std::to_string(row.not_attributable()) : "");
    }
    cells.insert(cells.end(), {row.unit(), std::move(names.label_vi), std::move(names.label_en)});
    table.AddRow(std::move(cells));
  }
  return fmt::format(
      "{}@{}, from {} to {} (exclusive), {} events of the ledger reflected\n\n{}{}",
      report.report_id(), report.version(), FormatLocal(FromTimestamp(report.from_time())),
      FormatLocal(FromTimestamp(report.to_time())), report.reflected_events(), table.ToString(),
      RatiosAsTable(report.ratios(), [](const v1::RatioFigure& ratio) { return ratio.value(); }));
}

}  // namespace caseledger::cli
