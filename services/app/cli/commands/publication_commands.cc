// `caseledger publication`: what everybody may see of reports.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "caseledger/v1/publication.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/publication_text.h"
#include "services/app/cli/print/text_table.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

using Stub = v1::PublicationService::Stub;

struct PublishOptions {
  std::string report;
  std::string from;
  std::string to;
  uint64_t events = 0;
  std::string reason;
  std::string request_id;
};

struct PublicationListOptions {
  std::string report;
  Paging paging;
  std::string output;
};

absl::StatusOr<int> Publish(const PublishOptions& publish, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  v1::PublishReportRequest request;
  request.mutable_header()->set_request_id(publish.request_id);
  request.set_publication_id("reports");
  event::v1::ReportPublished& fact = *request.mutable_fact();
  fact.set_report_id(publish.report);
  ASSIGN_OR_RETURN(*fact.mutable_from_time(), ToTime(publish.from, "--from"));
  ASSIGN_OR_RETURN(*fact.mutable_to_time(), ToTime(publish.to, "--to"));
  fact.set_reflected_events(publish.events);
  fact.set_reason(publish.reason);
  ASSIGN_OR_RETURN(const v1::CommandResult result,
                   SendCommand(std::move(request), options, &Stub::PublishReport));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(result)));
    return kExitGood;
  }
  fmt::print("published as no. {0}; `caseledger publication show {0}` shows it\n",
             result.revision());
  for (const std::string& item : result.events(0).data_quality()) {
    fmt::print(stderr, "can be computed from what was published before: {}\n", item);
  }
  return kExitGood;
}

void Print(const v1::ListPublishedReportsResponse& response) {
  TextTable table({{"no.", Align::kRight},
                   {"report"},
                   {"from"},
                   {"to"},
                   {"published"},
                   {"restates", Align::kRight},
                   {"restated by", Align::kRight},
                   {"reason", Align::kLeft, 60}});
  const auto number = [](uint32_t value) { return value == 0 ? "" : std::to_string(value); };
  for (const v1::Publication& one : response.publications()) {
    table.AddRow({std::to_string(one.number()),
                  fmt::format("{}@{}", one.report_id(), one.version()), ToText(one.from_time()),
                  ToText(one.to_time()), ToText(one.published_time()), number(one.restates()),
                  number(one.restated_by()), one.reason()});
  }
  fmt::print("{}", table.ToString());
}

absl::StatusOr<int> List(const PublicationListOptions& list, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  const Connection connection(options);
  v1::ListPublishedReportsRequest request;
  request.set_ledger(options.ledger);
  request.set_report_id(list.report);
  list.paging.Set(request);
  if (!list.output.empty()) {
    return ExportList(list.output, "publications", &Stub::ListPublishedReports,
                      &v1::ListPublishedReportsResponse::publications, std::move(request), options);
  }
  ASSIGN_OR_RETURN(const v1::ListPublishedReportsResponse response,
                   Call(connection, &Stub::ListPublishedReports, request));
  return TellPage(response, format, Print);
}

SheetCell RatioCell(const v1::RatioFigure& ratio) {
  if (ratio.withheld()) return std::string(kWithheld);
  return DecimalCell(ratio.value());
}

SheetCell ValueCell(const v1::PublishedFigure& figure) {
  if (!figure.withheld() && figure.has_value()) return figure.value();
  return std::string(kWithheld);
}

absl::StatusOr<int> Export(const std::string& output, const v1::GetPublishedReportResponse& report,
                           bool vietnamese) {
  // What leaves is what everybody may see, whoever exports it: neither withheld figures nor which
  // groups are withheld.
  google::protobuf::RepeatedPtrField<v1::PublishedFigure> figures;
  for (const v1::PublishedFigure& figure : report.figures()) {
    if (figure.group().empty() || !figure.withheld()) *figures.Add() = figure;
  }
  const v1::Publication& head = report.publication();
  google::protobuf::RepeatedPtrField<v1::RatioFigure> ratios;
  for (const v1::RatioFigure& ratio : report.ratios()) {
    if (ratio.group().empty() || !ratio.withheld()) *ratios.Add() = ratio;
  }
  const FigureColumns columns(figures, ratios,
                              {{"report", head.report_id()},
                               {"version", uint64_t{head.version()}},
                               {"from_time", SheetTime{FromTimestamp(head.from_time())}},
                               {"to_time", SheetTime{FromTimestamp(head.to_time())}},
                               {"reflected_events", head.reflected_events()},
                               {"number", uint64_t{head.number()}}},
                              vietnamese);
  std::vector<std::vector<SheetCell>> rows;
  for (const v1::PublishedFigure& figure : figures) {
    rows.push_back(columns.CellsOf(figure, ValueCell(figure)));
  }
  for (const v1::RatioFigure& ratio : ratios) {
    rows.push_back(columns.CellsOf(RatioRow(ratio), RatioCell(ratio)));
  }
  return ExportRows(output, report.publication().report_id(), columns, rows);
}

absl::StatusOr<int> Show(uint32_t number, const std::string& output, const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "csv", "json"}));
  ClientOptions options = client;
  if (!output.empty()) {
    ASSIGN_OR_RETURN(options, Exporting(output, client));
  }
  const Connection connection(options);
  v1::GetPublishedReportRequest request;
  request.set_ledger(options.ledger);
  request.set_number(number);
  ASSIGN_OR_RETURN(const v1::GetPublishedReportResponse response,
                   Call(connection, &Stub::GetPublishedReport, request));
  if (!output.empty()) return Export(output, response, options.vietnamese);
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
  } else {
    fmt::print("{}", format == "csv" ? PublicationAsCsv(response) : PublicationAsTable(response));
  }
  return kExitGood;
}

void AddPublish(CLI::App& group, Chosen& chosen) {
  CLI::App* command = group.add_subcommand(
      "publish",
      "Publish a report for good. Small figures are withheld, and as many others as it takes that\n"
      "nobody can compute them. A report and period that were published before are restated.");
  command->footer(
      "Times are 2024-01-31 (midnight in UTC+7) or RFC 3339. Publish the same periods always, such "
      "as\n"
      "months, quarters and half-years: what is out already limits what can be shown.\n"
      "Examples:\n"
      "  caseledger publication publish qn-half-year --from 2024-01-01 --to 2024-07-01\n"
      "  caseledger publication publish qn-half-year --from 2024-01-01 --to 2024-07-01 \\\n"
      "    --reason 'late entries of two districts'");
  auto publish = std::make_shared<PublishOptions>();
  command->add_option("ID", publish->report, "Report, such as qn-half-year or qn-half-year@1")
      ->required();
  command->add_option("--from", publish->from, "Start of the period")->required();
  command->add_option("--to", publish->to, "End of the period, exclusive")->required();
  command->add_option("--events", publish->events,
                      "As the ledger knew it when it had so many events; else now");
  command->add_option("--reason", publish->reason,
                      "Why it is published again; everybody who sees the report reads it");
  command->add_option("--request-id", publish->request_id,
                      "UUID; the same again publishes nothing twice");
  command->callback([publish, &chosen] {
    chosen.action = [publish](const ClientOptions& client) { return Publish(*publish, client); };
  });
}

void AddList(CLI::App& group, Chosen& chosen) {
  CLI::App* command =
      group.add_subcommand("list", "List what was published, the newest first unless sorted.");
  command->footer(
      "Examples:\n"
      "  caseledger publication list\n"
      "  caseledger publication list --report qn-half-year --format json");
  auto list = std::make_shared<PublicationListOptions>();
  command->add_option("--report", list->report, "Only of this report");
  AddSort(*command, list->paging,
          {{"newest", ""},
           {"oldest", "published_time"},
           {"period", "from_time desc"},
           {"first-period", "from_time"}},
          "newest or oldest published, last or first period first", /*bounded=*/false);
  AddPaging(*command, list->paging);
  AddCount(*command, list->paging);
  AddOutput(*command, list->output);
  command->callback([list, &chosen] {
    chosen.action = [list](const ClientOptions& client) { return List(*list, client); };
  });
}

void AddShow(CLI::App& group, Chosen& chosen) {
  CLI::App* command = group.add_subcommand(
      "show", "Show a published report; of one that restates another, with the difference.");
  command->footer(
      "What is withheld is shown as *; whoever may see exact figures sees the figure before it.\n"
      "Examples:\n"
      "  caseledger publication show 3\n"
      "  caseledger publication show 3 --format csv\n"
      "  caseledger publication show 3 --output half-year.xlsx --language vi");
  auto number = std::make_shared<uint32_t>(0);
  command->add_option("NUMBER", *number, "Its number")->required()->check(CLI::PositiveNumber);
  auto output = std::make_shared<std::string>();
  AddOutput(*command, *output);
  command->callback([number, output, &chosen] {
    chosen.action = [number, output](const ClientOptions& client) {
      return Show(*number, *output, client);
    };
  });
}

}  // namespace

void AddPublicationCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand(
      "publication", "Published reports: what everybody may see, safe to show, never changed.");
  group->require_subcommand(1);
  AddPublish(*group, chosen);
  AddList(*group, chosen);
  AddShow(*group, chosen);
}

}  // namespace caseledger::cli
