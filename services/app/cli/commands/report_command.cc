#include <fmt/format.h>

#include <memory>

#include "caseledger/v1/dashboard.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/commands/follow.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/report_text.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

struct ReportOptions {
  std::string id;
  std::string from;
  std::string to;
  std::string as_of;
  bool follow = false;
  std::string output;
};

absl::StatusOr<v1::RunReportRequest> ToRequest(const ReportOptions& report) {
  v1::RunReportRequest request;
  request.set_report_id(report.id);
  ASSIGN_OR_RETURN(*request.mutable_from_time(), ToTime(report.from, "--from"));
  ASSIGN_OR_RETURN(*request.mutable_to_time(), ToTime(report.to, "--to"));
  ASSIGN_OR_RETURN(const v1::AsOf as_of, ToAsOf(report.as_of));
  if (!report.as_of.empty()) *request.mutable_as_of() = as_of;
  return request;
}

void PrintBroken(const v1::RunReportResponse& response) {
  for (const std::string& identity : response.broken_identities()) {
    fmt::print(stderr, "identity broken: {}\n", identity);
  }
}

void Print(const v1::RunReportResponse& response, const std::string& format) {
  fmt::print("{}", format == "csv" ? ReportAsCsv(response) : ReportAsTable(response));
  PrintBroken(response);
}

absl::StatusOr<int> FollowReport(const v1::RunReportRequest& request, const std::string& format,
                                 const ClientOptions& options) {
  v1::DashboardPanel panel;
  *panel.mutable_report() = request;
  return Follow(panel, format, options, [&format](const FollowedPanel& followed) {
    v1::RunReportResponse response = followed.report();
    response.set_reflected_events(followed.reflected_events());
    CopyRows(followed, &v1::PanelRow::report_row, *response.mutable_rows());
    Print(response, format);
  });
}

int ExitOf(const v1::RunReportResponse& response) {
  return response.broken_identities().empty() ? kExitGood : kExitSomeRefused;
}

absl::StatusOr<int> Export(const std::string& output, const v1::RunReportResponse& response,
                           bool vietnamese) {
  const FigureColumns columns(response.rows(), response.ratios(),
                              {{"report", response.report_id()},
                               {"version", uint64_t{response.version()}},
                               {"from_time", SheetTime{FromTimestamp(response.from_time())}},
                               {"to_time", SheetTime{FromTimestamp(response.to_time())}},
                               {"reflected_events", response.reflected_events()}},
                              vietnamese, HasNotAttributable(response) ? "not_attributable" : "");
  std::vector<std::vector<SheetCell>> rows;
  for (const v1::ReportRow& row : response.rows()) {
    rows.push_back(columns.CellsOf(
        row, row.value(), row.group().empty() ? SheetCell{row.not_attributable()} : SheetCell{}));
  }
  for (const v1::RatioFigure& ratio : response.ratios()) {
    rows.push_back(columns.CellsOf(RatioRow(ratio), DecimalCell(ratio.value())));
  }
  RETURN_IF_ERROR(ExportRows(output, response.report_id(), columns, rows).status());
  PrintBroken(response);
  return ExitOf(response);
}

absl::StatusOr<int> Run(const ReportOptions& report, const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "csv", "json"}));
  ClientOptions options = client;
  if (!report.output.empty()) {
    ASSIGN_OR_RETURN(options, Exporting(report.output, client));
  }
  ASSIGN_OR_RETURN(v1::RunReportRequest request, ToRequest(report));
  if (report.follow) return FollowReport(request, format, options);
  const Connection connection(options);
  request.set_ledger(options.ledger);
  // What was written before this command was started is in the report.
  RETURN_IF_ERROR(AskForNewest(connection, request));
  const absl::StatusOr<v1::RunReportResponse> answer =
      Call(connection, &v1::DashboardService::Stub::RunReport, request);
  if (absl::IsPermissionDenied(answer.status())) {
    fmt::print(stderr, "exact figures are for few; for everybody: `caseledger publication list`\n");
  }
  RETURN_IF_ERROR(answer.status());
  const v1::RunReportResponse& response = *answer;
  if (!report.output.empty()) return Export(report.output, response, options.vietnamese);
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
  } else {
    Print(response, format);
  }
  return ExitOf(response);
}

}  // namespace

void AddReportCommand(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "report",
      "Compute a report. The same question as of the same point always gives the same digits, by\n"
      "the version of the report that is named (qn-half-year@1), else by its newest.\n"
      "A row may be told by groups as well, such as hours, districts or age groups; deploy/reports "
      "has\n"
      "definitions to load: qn-half-year, hotline-load, services, case-load, referral-turnaround,\n"
      "report-delay. Figures that everybody may see: `caseledger publication`.\n"
      "Exit code 2: an identity of the definition does not hold.");
  command->footer(
      "Times are 2024-01-31 (midnight in UTC+7) or RFC 3339.\n"
      "Examples:\n"
      "  caseledger report qn-half-year --from 2024-01-01 --to 2024-07-01\n"
      "  caseledger report qn-half-year@1 --from 2024-01-01 --to 2024-07-01 --format csv\n"
      "  caseledger report qn-half-year --from 2024-01-01 --to 2024-07-01 --as-of 4711\n"
      "  caseledger report qn-half-year --from 2024-01-01 --to 2024-07-01 --output half-year.xlsx\n"
      "  caseledger report hotline-load --from 2024-06-01 --to 2024-07-01 --follow");
  auto report = std::make_shared<ReportOptions>();
  command->add_option("ID", report->id, "Report, such as qn-half-year or qn-half-year@1")
      ->required();
  command->add_option("--from", report->from, "Start of the period")->required();
  command->add_option("--to", report->to, "End of the period, exclusive")->required();
  command->add_option("--as-of", report->as_of,
                      "What was known then: a position or a time; else now");
  AddFollow(*command, report->follow)->excludes(AddOutput(*command, report->output));
  command->callback([report, &chosen] {
    chosen.action = [report](const ClientOptions& client) { return Run(*report, client); };
  });
}

}  // namespace caseledger::cli
