#include <fmt/format.h>

#include <memory>

#include "caseledger/v1/admin.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

absl::StatusOr<int> Status(const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  const Connection connection(options);
  v1::ListProjectionsRequest request;
  request.set_ledger(options.ledger);
  v1::ListProjectionsResponse response;
  grpc::ClientContext context;
  connection.PrepareCall(context);
  const auto stub = v1::AdminService::NewStub(connection.channel());
  RETURN_IF_ERROR(CallStatus(stub->ListProjections(&context, request, &response), options));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
    return kExitGood;
  }
  TextTable table({{"projection"},
                   {"state"},
                   {"applied", Align::kRight},
                   {"behind", Align::kRight},
                   {"seconds", Align::kRight},
                   {"trouble"}});
  for (const v1::ProjectionStatus& row : response.projections()) {
    const std::string trouble =
        row.trouble().empty() ? ""
                              : fmt::format("at {}: {}", row.stopped_at_position(), row.trouble());
    table.AddRow({row.name(), row.state(), std::to_string(row.applied_events()),
                  std::to_string(row.lag_events()), fmt::format("{:.1f}", row.lag_seconds()),
                  trouble});
  }
  fmt::print("{} events in the ledger\n\n{}", response.event_count(), table.ToString());
  return kExitGood;
}

absl::StatusOr<int> Rebuild(const std::string& name, const ClientOptions& options) {
  const Connection connection(options);
  v1::RebuildProjectionRequest request;
  request.set_ledger(options.ledger);
  request.set_name(name);
  v1::RebuildProjectionResponse response;
  grpc::ClientContext context;
  connection.PrepareCall(context);
  const auto stub = v1::AdminService::NewStub(connection.channel());
  RETURN_IF_ERROR(CallStatus(stub->RebuildProjection(&context, request, &response), options));
  fmt::print("the rebuild of {} has begun; see `caseledger projection status`\n", name);
  return kExitGood;
}

}  // namespace

void AddProjectionCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("projection", "Read models: how far they are, rebuilding.");
  group->require_subcommand(1);
  CLI::App* status = group->add_subcommand("status", "Show how far each projection is.");
  status->footer("Example:\n  caseledger projection status --format json");
  status->callback([&chosen] { chosen.action = Status; });
  CLI::App* rebuild =
      group->add_subcommand("rebuild", "Rebuild a projection beside the live one and swap it in.");
  rebuild->footer("Example:\n  caseledger projection rebuild case-list");
  auto name = std::make_shared<std::string>();
  rebuild->add_option("NAME", *name, "Projection, such as case-list")->required();
  rebuild->callback([name, &chosen] {
    chosen.action = [name](const ClientOptions& client) { return Rebuild(*name, client); };
  });
}

}  // namespace caseledger::cli
