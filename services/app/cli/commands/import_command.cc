#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/import_summary.h"
#include "services/app/cli/import/importer.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

Json ToJson(const Issue& issue) {
  return {{"kind", ToName(issue.kind)}, {"file", issue.file},    {"line", issue.at.line},
          {"column", issue.at.column},  {"field", issue.column}, {"reason", issue.reason}};
}

Json ToJson(const ImportSummary& summary) {
  Json json = {{"ledger", summary.ledger},
               {"clean", summary.clean()},
               {"files", Json::array()},
               {"data_quality", Json::object()},
               {"issues", Json::array()}};
  for (const auto& [file, counts] : summary.files) {
    json["files"].push_back({{"file", file},
                             {"rows", counts.rows},
                             {"bad_rows", counts.bad_rows},
                             {"recorded", counts.recorded},
                             {"already_recorded", counts.already_recorded},
                             {"refused", counts.refused},
                             {"data_quality", counts.data_quality},
                             {"later", counts.later}});
  }
  for (const auto& [reason, count] : summary.data_quality) json["data_quality"][reason] = count;
  for (const Issue& issue : summary.issues) json["issues"].push_back(ToJson(issue));
  return json;
}

void AddRow(TextTable& table, const std::string& name, const FileCounts& counts) {
  table.AddRow({name, std::to_string(counts.rows), std::to_string(counts.bad_rows),
                std::to_string(counts.recorded), std::to_string(counts.already_recorded),
                std::to_string(counts.refused), std::to_string(counts.data_quality)});
}

std::string ToTable(const ImportSummary& summary) {
  TextTable table({{"file"},
                   {"rows", Align::kRight},
                   {"bad rows", Align::kRight},
                   {"events recorded", Align::kRight},
                   {"already recorded", Align::kRight},
                   {"refused", Align::kRight},
                   {"data quality", Align::kRight}});
  FileCounts total;
  for (const auto& [file, counts] : summary.files) {
    AddRow(table, file, counts);
    total.rows += counts.rows;
    total.bad_rows += counts.bad_rows;
    total.recorded += counts.recorded;
    total.already_recorded += counts.already_recorded;
    total.refused += counts.refused;
    total.data_quality += counts.data_quality;
    total.later += counts.later;
  }
  AddRow(table, "total", total);
  std::string text = table.ToString();
  if (total.later > 0) {
    text += fmt::format("{} ends lie in the future; import again after them\n", total.later);
  }
  for (const auto& [reason, count] : summary.data_quality) {
    text += fmt::format("data quality: {} x {}\n", count, reason);
  }
  return text;
}

void Print(const ImportSummary& summary, const std::string& format) {
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(summary)));
    return;
  }
  for (const Issue& issue : summary.issues) fmt::print(stderr, "{}\n", ToLine(issue));
  if (!summary.files.empty()) fmt::print("{}", ToTable(summary));
}

// Every file is the one that was given.
void CallFiles(const std::string& name, ImportSummary& summary) {
  for (Issue& issue : summary.issues) issue.file = name;
  std::map<std::string, FileCounts> files;
  for (auto& [file, counts] : summary.files) files[name] = counts;
  summary.files = std::move(files);
}

}  // namespace

absl::StatusOr<int> RunImport(const ImportOptions& import_options, const ClientOptions& options,
                              const std::string& called) {
  const auto format = FormatOf(options, "table", {"table", "json"});
  if (!format.ok()) return format.status();
  ImportSummary summary;
  const absl::Status status = Import(Connection(options), import_options, summary);
  if (!called.empty()) CallFiles(called, summary);
  Print(summary, *format);
  if (!status.ok()) return status;
  return summary.clean() ? kExitGood : kExitSomeRefused;
}

void AddImportCommand(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "import",
      "Import a directory of CSV files (contacts.csv, persons.csv, cases.csv, ...).\n"
      "Repeatable: the same rows record nothing twice. A wrong row is reported as\n"
      "FILE:LINE:COLUMN and the rest goes on.\n"
      "Exit code: 0 all rows went in, 2 some were wrong or refused, 1 could not run.");
  command->footer(
      "Example:\n"
      "  caseledger import deploy/sample/quang-ninh-2024-h1");
  auto options = std::make_shared<ImportOptions>();
  command->add_option("DIR", options->directory, "Directory with the CSV files")->required();
  command->add_option("--source", options->source, "Name of the system the files come from")
      ->capture_default_str();
  command->add_option("--on-behalf-of", options->on_behalf_of,
                      "Agency whose records these are, for rows that name none");
  command->callback([options, &chosen] {
    chosen.action = [options](const ClientOptions& client) { return RunImport(*options, client); };
  });
}

}  // namespace caseledger::cli
