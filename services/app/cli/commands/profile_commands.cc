#include <fmt/format.h>

#include <memory>

#include "eventstore/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "services/app/cli/client/profiles.h"
#include "services/app/cli/commands/commands.h"

namespace caseledger::cli {
namespace {

constexpr char kProfileHelp[] =
    "Named profiles: which server, and who you are to it. A profile is a file NAME.toml in "
    "~/.config/caseledger with options of this program; it holds the paths of your key and token, "
    "never these themselves. --profile takes one for a single command, CASELEDGER_PROFILE for a "
    "shell, `profile use` for good.";
constexpr char kProfileExamples[] =
    "Examples:\n"
    "  caseledger profile add centre --server ledger.example.org:7400 --ca ca.crt \\\n"
    "    --cert agency.crt --key agency.key --token-file ~/.caseledger-token\n"
    "  caseledger profile use centre\n"
    "  caseledger --profile audit --purpose audit case history CASE-2024-0001";

absl::StatusOr<int> List(const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  const Profiles profiles = Profiles::OfUser();
  const std::string in_use = profiles.InUse();
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const std::string& name : profiles.Names()) {
    if (format == "json") {
      all.push_back({{"name", name}, {"in_use", name == in_use}});
    } else {
      fmt::print("{} {}\n", name == in_use ? "*" : " ", name);
    }
  }
  if (format == "json") fmt::print("{}\n", nlohmann::ordered_json{{"profiles", all}}.dump(2));
  return kExitGood;
}

absl::StatusOr<int> Show(std::string name) {
  const Profiles profiles = Profiles::OfUser();
  if (name.empty()) name = profiles.InUse();
  if (name.empty()) {
    return absl::NotFoundError("no profile is in use; name one, or choose one with `profile use`");
  }
  ASSIGN_OR_RETURN(const std::string text, profiles.Read(name));
  fmt::print("# {}\n{}", profiles.PathOf(name), text);
  return kExitGood;
}

absl::StatusOr<int> Done(const absl::Status& status) {
  RETURN_IF_ERROR(status);
  return kExitGood;
}

// Registers a command that takes a name and asks no server.
CLI::App* AddNamed(
    CLI::App& profile, const char* command, const char* help, Chosen& chosen,
    std::function<absl::StatusOr<int>(const std::string&, const ClientOptions&)> run) {
  CLI::App* app = profile.add_subcommand(command, help);
  const auto name = std::make_shared<std::string>();
  app->add_option("NAME", *name, "Name of the profile");
  app->callback([&chosen, name, run = std::move(run)] {
    chosen.asks_no_server = true;
    chosen.action = [name, run](const ClientOptions& options) { return run(*name, options); };
  });
  return app;
}

}  // namespace

void AddProfileCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* profile = app.add_subcommand("profile", kProfileHelp);
  profile->footer(kProfileExamples);
  profile->require_subcommand(1);
  CLI::App* list = profile->add_subcommand("list", "All profiles; * is in use");
  list->callback([&chosen] {
    chosen.asks_no_server = true;
    chosen.action = List;
  });
  AddNamed(*profile, "show", "What a profile says; without a name: the one in use", chosen,
           [](const std::string& name, const ClientOptions&) { return Show(name); });
  const auto add = AddNamed(
      *profile, "add", "Keeps the options given with it as a profile; replaces one of that name",
      chosen, [](const std::string& name, const ClientOptions& options) {
        return Done(Profiles::OfUser().Write(name, options));
      });
  const auto remove = AddNamed(*profile, "remove", "Forgets a profile; keys and tokens stay",
                               chosen, [](const std::string& name, const ClientOptions&) {
                                 return Done(Profiles::OfUser().Remove(name));
                               });
  const auto use = AddNamed(*profile, "use", "Takes this profile whenever none is named", chosen,
                            [](const std::string& name, const ClientOptions&) {
                              return Done(Profiles::OfUser().Use(name));
                            });
  for (CLI::App* named : {add, remove, use}) named->get_option("NAME")->required();
}

}  // namespace caseledger::cli
