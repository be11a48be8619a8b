#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>

#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/import_summary.h"
#include "services/app/cli/import/importer.h"

namespace caseledger::cli {
namespace {

void AddImportUnits(CLI::App& group, Chosen& chosen) {
  CLI::App* command = group.add_subcommand(
      "import-units",
      "Record a list of administrative units as one version of them.\n"
      "One unit a line, separated by tabs: level, code, full name, code of the unit above; lines\n"
      "that begin with # are comments. Codes are used anew after reforms, so each list has a\n"
      "version of its own, and records keep the one they were made with.\n"
      "Repeatable: the same list records nothing twice. Exit code: 0 all went in, 2 some lines\n"
      "were wrong or refused, 1 could not run.");
  command->footer(
      "Example:\n"
      "  caseledger directory import-units units-before-2025-07.tsv --version-name 2024");
  auto options = std::make_shared<ImportOptions>();
  options->source = "admin-units";
  command->add_option("FILE", options->units_file, "The list")->required();
  command
      ->add_option("--version-name", options->units_version,
                   "What the version is called, such as 2024")
      ->required();
  command->callback([options, &chosen] {
    chosen.action = [options](const ClientOptions& client) {
      return RunImport(*options, client, std::filesystem::path(options->units_file).filename());
    };
  });
}

}  // namespace

void AddDirectoryCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("directory", "Administrative units");
  group->require_subcommand(1);
  AddImportUnits(*group, chosen);
}

}  // namespace caseledger::cli
