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

void AddImportPredecessors(CLI::App& group, Chosen& chosen) {
  CLI::App* command = group.add_subcommand(
      "import-predecessors",
      "Record what units took over from units of another version, so that reports can be asked in\n"
      "the units of either.\n"
      "One row a line, separated by tabs: version and code of the unit before, version and code "
      "of\n"
      "the unit after, which share of the former it took over (above 0, at most 1, up to six\n"
      "decimals), source, such as the number of a resolution; lines that begin with # are\n"
      "comments. Import the units of the later version first.\n"
      "Name all that a unit was made of, and all that became of it: reports do not divide what\n"
      "they count, and show as not attributable what the shares leave open.\n"
      "Repeatable: the same list records nothing twice. A wrong row is reported as\n"
      "FILE:LINE:COLUMN and the rest goes on. Exit code: 0 all went in, 2 some lines were wrong "
      "or\n"
      "refused, 1 could not run.");
  command->footer(
      "Example:\n"
      "  caseledger directory import-predecessors predecessors-2025-07.tsv");
  auto options = std::make_shared<ImportOptions>();
  options->source = "unit-predecessors";
  command->add_option("FILE", options->predecessors_file, "The list")->required();
  command->callback([options, &chosen] {
    chosen.action = [options](const ClientOptions& client) {
      return RunImport(*options, client,
                       std::filesystem::path(options->predecessors_file).filename());
    };
  });
}

}  // namespace

void AddDirectoryCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group =
      app.add_subcommand("directory", "Administrative units, and what became of them");
  group->require_subcommand(1);
  AddImportUnits(*group, chosen);
  AddImportPredecessors(*group, chosen);
}

}  // namespace caseledger::cli
