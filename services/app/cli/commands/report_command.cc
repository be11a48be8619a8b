#include <fmt/format.h>

#include <memory>

#include "caseledger/v1/dashboard.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/report_text.h"

namespace caseledger::cli {
namespace {

struct ReportOptions {
  std::string id;
  std::string from;
  std::string to;
  std::string as_of;
};

absl::StatusOr<v1::RunReportRequest> ToRequest(const ReportOptions& report,
                                               const Connection& connection) {
  v1::RunReportRequest request;
  request.set_ledger(connection.options().ledger);
  request.set_report_id(report.id);
  ASSIGN_OR_RETURN(*request.mutable_from_time(), ToTime(report.from, "--from"));
  ASSIGN_OR_RETURN(*request.mutable_to_time(), ToTime(report.to, "--to"));
  ASSIGN_OR_RETURN(const v1::AsOf as_of, ToAsOf(report.as_of));
  if (!report.as_of.empty()) *request.mutable_as_of() = as_of;
  // What was written before this command was started is in the report.
  RETURN_IF_ERROR(AskForNewest(connection, request));
  return request;
}

absl::StatusOr<int> Run(const ReportOptions& report, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "csv", "json"}));
  const Connection connection(options);
  ASSIGN_OR_RETURN(const v1::RunReportRequest request, ToRequest(report, connection));
  const absl::StatusOr<v1::RunReportResponse> answer =
      Call(connection, &v1::DashboardService::Stub::RunReport, request);
  if (absl::IsPermissionDenied(answer.status())) {
    fmt::print(stderr, "exact figures are for few; for everybody: `caseledger publication list`\n");
  }
  RETURN_IF_ERROR(answer.status());
  const v1::RunReportResponse& response = *answer;
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
  } else {
    fmt::print("{}", format == "csv" ? ReportAsCsv(response) : ReportAsTable(response));
  }
  for (const std::string& identity : response.broken_identities()) {
    fmt::print(stderr, "identity broken: {}\n", identity);
  }
  return response.broken_identities().empty() ? kExitGood : kExitSomeRefused;
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
      "  caseledger report qn-half-year --from 2024-01-01 --to 2024-07-01 --as-of 4711");
  auto report = std::make_shared<ReportOptions>();
  command->add_option("ID", report->id, "Report, such as qn-half-year or qn-half-year@1")
      ->required();
  command->add_option("--from", report->from, "Start of the period")->required();
  command->add_option("--to", report->to, "End of the period, exclusive")->required();
  command->add_option("--as-of", report->as_of,
                      "What was known then: a position or a time; else now");
  command->callback([report, &chosen] {
    chosen.action = [report](const ClientOptions& client) { return Run(*report, client); };
  });
}

}  // namespace caseledger::cli
