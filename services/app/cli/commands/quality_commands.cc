// `caseledger quality`: what needs a second look.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "absl/strings/str_join.h"
#include "caseledger/v1/dashboard.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/import/ids.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

struct QualityOptions {
  std::string agency;
  std::string flag;
  std::string output;
  Paging paging;
};

void Print(const v1::ListDataQualityResponse& response) {
  TextTable table({{"recorded"},
                   {"flags"},
                   {"fact"},
                   {"record"},
                   {"id"},
                   {"agency"},
                   {"worker"},
                   {"event"},
                   {"source"}});
  for (const v1::DataQualityRow& row : response.rows()) {
    table.AddRow({ToText(row.recorded_time()), absl::StrJoin(row.flags(), ", "), row.fact_name(),
                  KindName(row.record_kind()), row.record_id(), row.agency_id(), row.worker_id(),
                  row.event_id(),
                  row.source_file().empty() ? "" : row.source_file() + " " + row.source_row()});
  }
  fmt::print("{}", table.ToString());
}

absl::StatusOr<int> List(const QualityOptions& list, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  v1::ListDataQualityRequest request;
  request.set_agency_id(list.agency);
  request.set_flag(list.flag);
  list.paging.Set(request);
  if (!list.output.empty()) {
    return ExportList(list.output, "data quality", &v1::DashboardService::Stub::ListDataQuality,
                      &v1::ListDataQualityResponse::rows, request, options);
  }
  const Connection connection(options);
  request.set_ledger(options.ledger);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  ASSIGN_OR_RETURN(const v1::ListDataQualityResponse response,
                   Call(connection, &v1::DashboardService::Stub::ListDataQuality, request));
  return TellPage(response, format, Print);
}

}  // namespace

void AddQualityCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("quality", "What was recorded and needs a second look.");
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand(
      "list",
      "List facts with codes no list has, unknown units, a missing consent; newest first "
      "unless sorted.");
  command->footer(
      "What is corrected or voided leaves the list. `record history` shows the record.\n\n"
      "Examples:\n"
      "  caseledger quality list --of ctxh-qn\n"
      "  caseledger quality list --flag UNIT_UNKNOWN --output units.xlsx");
  auto list = std::make_shared<QualityOptions>();
  command->add_option("--of", list->agency,
                      "Only what this agency recorded, or what was imported for it");
  command->add_option("--flag", list->flag, "Only with this flag, such as UNKNOWN_CODE:case_type");
  AddSort(*command, list->paging, {{"newest", ""}, {"oldest", "recorded_time"}},
          "newest or oldest recorded first");
  AddPaging(*command, list->paging);
  AddCount(*command, list->paging);
  AddOutput(*command, list->output);
  command->callback([list, &chosen] {
    chosen.action = [list](const ClientOptions& client) { return List(*list, client); };
  });
}

}  // namespace caseledger::cli
