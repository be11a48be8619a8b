#include <fmt/format.h>

#include <memory>

#include "caseledger/v1/admin.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
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
  ASSIGN_OR_RETURN(const v1::ListProjectionsResponse response,
                   Call(connection, &v1::AdminService::Stub::ListProjections, request));
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

template <typename Request, typename Response>
absl::StatusOr<int> Tell(const std::string& name, const char* done, const ClientOptions& options,
                         grpc::Status (v1::AdminService::Stub::*method)(grpc::ClientContext*,
                                                                        const Request&,
                                                                        Response*)) {
  const Connection connection(options);
  Request request;
  request.set_ledger(options.ledger);
  request.set_name(name);
  RETURN_IF_ERROR(Call(connection, method, request).status());
  fmt::print("{} {}; see `caseledger projection status`\n", name, done);
  return kExitGood;
}

absl::StatusOr<int> Rebuild(const std::string& name, const ClientOptions& options) {
  return Tell(name, "is being rebuilt", options, &v1::AdminService::Stub::RebuildProjection);
}
absl::StatusOr<int> Pause(const std::string& name, const ClientOptions& options) {
  return Tell(name, "is paused, until the next start at most", options,
              &v1::AdminService::Stub::PauseProjection);
}
absl::StatusOr<int> Resume(const std::string& name, const ClientOptions& options) {
  return Tell(name, "goes on", options, &v1::AdminService::Stub::ResumeProjection);
}
absl::StatusOr<int> Drop(const std::string& name, const ClientOptions& options) {
  return Tell(name, "has no rows any more; rebuild it, or start the server again", options,
              &v1::AdminService::Stub::DropProjection);
}

using Act = absl::StatusOr<int> (*)(const std::string& name, const ClientOptions& options);

void AddAct(CLI::App& group, Chosen& chosen, const std::string& act, const char* help, Act run) {
  CLI::App* command = group.add_subcommand(act, help);
  command->footer(fmt::format("Example:\n  caseledger projection {} case-list", act));
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "Projection, such as case-list")->required();
  command->callback([name, run, &chosen] {
    chosen.action = [name, run](const ClientOptions& client) { return run(*name, client); };
  });
}

}  // namespace

void AddProjectionCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand(
      "projection", "Read models: how far they are; rebuild, pause, resume, drop.");
  group->require_subcommand(1);
  CLI::App* status = group->add_subcommand("status", "Show how far each projection is.");
  status->footer("Example:\n  caseledger projection status --format json");
  status->callback([&chosen] { chosen.action = Status; });
  AddAct(*group, chosen, "rebuild", "Rebuild a projection beside the live one and swap it in.",
         Rebuild);
  AddAct(*group, chosen, "pause", "Apply nothing more to a projection; what it has is served.",
         Pause);
  AddAct(*group, chosen, "resume",
         "Go on with a projection that was paused, or that stopped at an event, with that event.",
         Resume);
  AddAct(*group, chosen, "drop", "Remove the rows of a projection, to be built again later.", Drop);
}

}  // namespace caseledger::cli
