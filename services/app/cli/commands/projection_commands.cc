#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "caseledger/v1/admin.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

std::string InWords(const v1::ProjectionComparison& comparison) {
  const std::string& state = comparison.state();
  if (state == "waiting") return "will be compared with the rows before it when it is rebuilt";
  if (state == "failed") return fmt::format("was not compared: {}", comparison.trouble());
  std::string found =
      fmt::format("{} rows of {} events beside those before: {} changed, {} lost, {} new",
                  comparison.rows(), comparison.events(), comparison.changed_rows(),
                  comparison.lost_rows(), comparison.new_rows());
  if (state == "running") return found + " so far";
  if (state == "same") return found;
  return found + "; what was served before was wrong, the rebuilt rows follow from the events";
}

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
  for (const v1::ProjectionStatus& row : response.projections()) {
    if (row.has_comparison()) fmt::print("\n{}: {}\n", row.name(), InWords(row.comparison()));
  }
  return kExitGood;
}

template <typename Request, typename Response>
absl::StatusOr<int> Tell(const std::string& name, const char* done, const ClientOptions& options,
                         grpc::Status (v1::AdminService::Stub::*method)(grpc::ClientContext*,
                                                                        const Request&, Response*),
                         Request request = Request()) {
  const Connection connection(options);
  request.set_ledger(options.ledger);
  request.set_name(name);
  RETURN_IF_ERROR(Call(connection, method, request).status());
  fmt::print("{} {}; see `caseledger projection status`\n", name, done);
  return kExitGood;
}

absl::StatusOr<int> Rebuild(const std::string& name, bool compare, const ClientOptions& options) {
  v1::RebuildProjectionRequest request;
  request.set_compare(compare);
  return Tell(name, compare ? "is being rebuilt, and compared" : "is being rebuilt", options,
              &v1::AdminService::Stub::RebuildProjection, request);
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

using Act =
    std::function<absl::StatusOr<int>(const std::string& name, const ClientOptions& options)>;

CLI::App& AddAct(CLI::App& group, Chosen& chosen, const std::string& act, const char* help,
                 Act run) {
  CLI::App* command = group.add_subcommand(act, help);
  command->footer(fmt::format("Example:\n  caseledger projection {} case-list", act));
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "Projection, such as case-list")->required();
  command->callback([name, run = std::move(run), &chosen] {
    chosen.action = [name, run](const ClientOptions& client) { return run(*name, client); };
  });
  return *command;
}

void AddRebuild(CLI::App& group, Chosen& chosen) {
  auto compare = std::make_shared<bool>(false);
  CLI::App& command =
      AddAct(group, chosen, "rebuild", "Rebuild a projection beside the live one and swap it in.",
             [compare](const std::string& name, const ClientOptions& client) {
               return Rebuild(name, *compare, client);
             });
  command.add_flag("--compare", *compare,
                   "Then compare it, row by row, with what was served until then; `projection "
                   "status` tells what came out");
  command.footer(
      "Example:\n  caseledger projection rebuild case-list --compare\n"
      "  caseledger projection status");
}

}  // namespace

void AddProjectionCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand(
      "projection", "Read models: how far they are; rebuild, pause, resume, drop.");
  group->require_subcommand(1);
  CLI::App* status = group->add_subcommand("status", "Show how far each projection is.");
  status->footer("Example:\n  caseledger projection status --format json");
  status->callback([&chosen] { chosen.action = Status; });
  AddRebuild(*group, chosen);
  AddAct(*group, chosen, "pause", "Apply nothing more to a projection; what it has is served.",
         Pause);
  AddAct(*group, chosen, "resume",
         "Go on with a projection that was paused, or that stopped at an event, with that event.",
         Resume);
  AddAct(*group, chosen, "drop", "Remove the rows of a projection, to be built again later.", Drop);
}

}  // namespace caseledger::cli
