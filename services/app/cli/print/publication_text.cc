#include "services/app/cli/print/publication_text.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "services/app/cli/print/figures.h"
#include "services/app/cli/print/text_table.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

std::string ValueText(const v1::PublishedFigure& figure) {
  if (!figure.has_value()) return std::string(kWithheld);
  // Shown to those who may see it, and to nobody else.
  return fmt::format("{}{}", figure.value(), figure.withheld() ? " *" : "");
}

std::string RatioValueText(const v1::RatioFigure& ratio) {
  if (!ratio.withheld()) return ratio.value();
  return ratio.value().empty() ? std::string(kWithheld) : ratio.value() + " *";
}

std::string BeforeText(const v1::PublishedFigure& figure) {
  return figure.has_value_before() ? std::to_string(figure.value_before()) : std::string(kWithheld);
}

std::string DifferenceText(const v1::PublishedFigure& figure) {
  if (!figure.has_value() || !figure.has_value_before()) return std::string(kWithheld);
  const auto difference =
      static_cast<int64_t>(figure.value()) - static_cast<int64_t>(figure.value_before());
  return difference == 0 ? "" : fmt::format("{:+}", difference);
}

std::string HeadText(const v1::GetPublishedReportResponse& report) {
  const v1::Publication& head = report.publication();
  std::string text = fmt::format(
      "{}, {}\nno. {}: {}@{}, from {} to {} (exclusive), published {}\n"
      "as known with {} events of the ledger; figures below {} are withheld (*), and others that "
      "would "
      "give them away\n",
      report.label_vi(), report.label_en(), head.number(), head.report_id(), head.version(),
      FormatLocal(FromTimestamp(head.from_time())), FormatLocal(FromTimestamp(head.to_time())),
      FormatLocal(FromTimestamp(head.published_time())), head.reflected_events(),
      head.smallest_shown());
  if (head.restates() > 0) {
    text += fmt::format("restates no. {}: {}\n", head.restates(), head.reason());
  }
  if (head.restated_by() > 0) {
    text +=
        fmt::format("RESTATED by no. {}: these figures are not the newest\n", head.restated_by());
  }
  return text;
}

}  // namespace

std::string PublicationAsCsv(const v1::GetPublishedReportResponse& report) {
  return FiguresAsCsv(
      report.figures(),
      [](const v1::PublishedFigure& figure) {
        return figure.has_value() ? std::to_string(figure.value()) : "";
      },
      report.ratios());
}

std::string PublicationAsTable(const v1::GetPublishedReportResponse& report) {
  const bool restates = report.publication().restates() > 0;
  std::vector<TextTable::Heading> headings = {{"row"}, {"value", Align::kRight}};
  if (restates) {
    headings.push_back({"was", Align::kRight});
    headings.push_back({"change", Align::kRight});
  }
  headings.push_back({"unit"});
  headings.push_back({"label (vi)", Align::kLeft, kMostLabelColumns});
  headings.push_back({"label (en)", Align::kLeft, kMostLabelColumns});
  TextTable table(std::move(headings));
  FigureIndents indents;
  for (const v1::PublishedFigure& figure : report.figures()) {
    FigureNames names = indents.NamesOf(figure);
    std::vector<std::string> cells = {std::move(names.row), ValueText(figure)};
    if (restates) {
      cells.push_back(BeforeText(figure));
      cells.push_back(DifferenceText(figure));
    }
    cells.push_back(figure.unit());
    cells.push_back(std::move(names.label_vi));
    cells.push_back(std::move(names.label_en));
    table.AddRow(std::move(cells));
  }
  return fmt::format("{}\n{}{}", HeadText(report), table.ToString(),
                     RatiosAsTable(report.ratios(), RatioValueText));
}

}  // namespace caseledger::cli
