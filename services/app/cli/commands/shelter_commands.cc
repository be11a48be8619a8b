#include <fmt/format.h>

#include <memory>
#include <vector>

#include "caseledger/v1/shelter.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/commands/follow.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

struct OccupancyOptions {
  std::string id;
  std::string from;
  std::string to;
  std::string as_of;
  bool follow = false;
  std::string output;
};

absl::StatusOr<v1::GetOccupancyRequest> ToRequest(const OccupancyOptions& asked) {
  v1::GetOccupancyRequest request;
  request.set_shelter_id(asked.id);
  if (!asked.from.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_from_time(), ToTime(asked.from, "--from"));
  }
  if (!asked.to.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_to_time(), ToTime(asked.to, "--to"));
  }
  ASSIGN_OR_RETURN(const v1::AsOf as_of, ToAsOf(asked.as_of));
  if (!asked.as_of.empty()) *request.mutable_as_of() = as_of;
  return request;
}

// Its nights.
absl::StatusOr<int> ExportNights(const std::string& output, v1::GetOccupancyRequest request,
                                 const ClientOptions& client) {
  if (!request.has_from_time()) {
    return absl::InvalidArgumentError("say which nights to export: --from and --to");
  }
  ASSIGN_OR_RETURN(const ClientOptions options, Exporting(output, client));
  const Connection connection(options);
  request.set_ledger(options.ledger);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  ASSIGN_OR_RETURN(const v1::GetOccupancyResponse response,
                   Call(connection, &v1::ShelterService::Stub::GetOccupancy, request));
  const RowColumns columns(*v1::Night::descriptor(), options.vietnamese);
  std::vector<std::vector<SheetCell>> rows;
  for (const v1::Night& night : response.nights()) rows.push_back(columns.CellsOf(night));
  return ExportRows(output, "nights", columns, rows);
}

void Print(const v1::GetOccupancyResponse& response) {
  fmt::print("{} of {} beds taken, {} residents, {} beds held\n", response.occupied(),
             response.beds(), response.residents(), response.held());
  if (response.nights().empty()) return;
  TextTable table({{"night"}, {"beds", Align::kRight}, {"taken", Align::kRight}});
  for (const v1::Night& night : response.nights()) {
    table.AddRow({night.date(), std::to_string(night.beds()), std::to_string(night.occupied())});
  }
  fmt::print("\n{}bed nights: {}\n", table.ToString(), response.bed_nights());
}

absl::StatusOr<int> Occupancy(const OccupancyOptions& asked, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  ASSIGN_OR_RETURN(v1::GetOccupancyRequest request, ToRequest(asked));
  if (!asked.output.empty()) return ExportNights(asked.output, std::move(request), options);
  if (asked.follow) {
    v1::DashboardPanel panel;
    *panel.mutable_occupancy() = request;
    return Follow(panel, format, options, [](const FollowedPanel& followed) {
      for (const v1::PanelRow& row : followed.rows()) Print(row.occupancy());
    });
  }
  const Connection connection(options);
  request.set_ledger(options.ledger);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  ASSIGN_OR_RETURN(const v1::GetOccupancyResponse response,
                   Call(connection, &v1::ShelterService::Stub::GetOccupancy, request));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
    return kExitGood;
  }
  Print(response);
  return kExitGood;
}

}  // namespace

void AddShelterCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("shelter", "Shelters.");
  group->require_subcommand(1);
  CLI::App* command =
      group->add_subcommand("occupancy", "Show how full a shelter is, now or by night.");
  command->footer(
      "Examples:\n"
      "  caseledger shelter occupancy SH-1\n"
      "  caseledger shelter occupancy SH-1 --follow\n"
      "  caseledger shelter occupancy SH-1 --from 2024-05-01 --to 2024-06-01");
  auto asked = std::make_shared<OccupancyOptions>();
  command->add_option("ID", asked->id, "UUID or external reference")->required();
  command->add_option("--from", asked->from, "First night, by the date of its evening");
  command->add_option("--to", asked->to, "After the last night, at most 400 nights later");
  command->add_option("--as-of", asked->as_of, "What was known then: a position or a time");
  AddFollow(*command, asked->follow)->excludes(AddOutput(*command, asked->output));
  command->callback([asked, &chosen] {
    chosen.action = [asked](const ClientOptions& client) { return Occupancy(*asked, client); };
  });
}

}  // namespace caseledger::cli
