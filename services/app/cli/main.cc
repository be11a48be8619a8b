// `caseledger`: imports files, asks for reports and histories, watches the server.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "eventstore/base/core_dump.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/client/profiles.h"
#include "services/app/cli/commands/commands.h"

namespace caseledger::cli {
namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool PrefersVietnamese() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const std::string value = FromEnvironment(name);
    if (!value.empty()) return value.starts_with("vi");
  }
  return false;
}

// The profile that is taken unless --profile says otherwise: that of the environment, else the one
// in use.
std::string StandardProfile() {
  const Profiles profiles = Profiles::OfUser();
  const std::string name = FromEnvironment("CASELEDGER_PROFILE");
  return profiles.PathOf(name.empty() ? profiles.InUse() : name);
}

// Of the name of a profile its path; why there is none, or "".
std::string PutInProfilePath(std::string& name) {
  const Profiles profiles = Profiles::OfUser();
  if (const auto there = profiles.Read(name); !name.empty() && !there.ok()) {
    return std::string(there.status().message());
  }
  name = profiles.PathOf(name);
  return "";
}

void AddGlobalOptions(CLI::App& app, ClientOptions& options) {
  options.vietnamese = PrefersVietnamese();
  app.add_option("--server", options.server, "Address of the server")
      ->envname("CASELEDGER_SERVER")
      ->capture_default_str();
  app.add_option("--ledger", options.ledger, "Ledger; else the server's only one")
      ->envname("CASELEDGER_LEDGER");
  app.add_option("--ca", options.ca_file, "PEM file of the authority that vouches for the server")
      ->envname("CASELEDGER_CA");
  app.add_option("--cert", options.cert_file, "PEM file of your agency's certificate")
      ->envname("CASELEDGER_CERT");
  app.add_option("--key", options.key_file, "PEM file of its key")->envname("CASELEDGER_KEY");
  app.add_option("--token-file", options.token_file,
                 "File of your token; without: a program's call")
      ->envname("CASELEDGER_TOKEN_FILE");
  app.add_option("--purpose", options.purpose, "Why the data is looked at, such as audit")
      ->envname("CASELEDGER_PURPOSE");
  app.add_option("--warrant", options.warrant, "Number of the warrant you act on");
  app.set_config("--profile", StandardProfile(),
                 "Named profile (see `caseledger profile --help`) or the path of one; else what "
                 "CASELEDGER_PROFILE says, else the one in use")
      ->transform(CLI::Validator(PutInProfilePath, ""));
  app.add_option_function<std::string>(
         "--language",
         [&options](const std::string& language) { options.vietnamese = language == "vi"; },
         "Of messages, labels and headings, vi or en; else that of the environment")
      ->envname("CASELEDGER_LANGUAGE")
      ->check(CLI::IsMember({"vi", "en"}));
  app.add_option("--format", options.format,
                 "table, text, csv or json, as far as the command has it");
}

// What the caller is known by can be read, and by nobody else.
absl::Status CheckFiles(const ClientOptions& options) {
  if (!FromEnvironment("CASELEDGER_PROFILE").empty()) {
    RETURN_IF_ERROR(Profiles::OfUser().Read(FromEnvironment("CASELEDGER_PROFILE")).status());
  }
  for (const std::string& warning : WarningsOf(options)) {
    fmt::print(stderr, "caseledger: {}\n", warning);
  }
  return Connection(options).status();
}

int Run(int argc, char** argv) {
  CLI::App app("Case records of social-work centres: import, report, replay.", "caseledger");
  app.footer(
      "Examples:\n"
      "  caseledger import deploy/sample/quang-ninh-2024-h1\n"
      "  caseledger report qn-half-year --from 2024-01-01 --to 2024-07-01\n"
      "  caseledger case history CASE-2024-0001\n"
      "  caseledger audit export CASE-2024-0001 -o case-2024-0001\n"
      "  caseledger projection status\n"
      "`caseledger COMMAND --help` says more. Exit code 0: good, 1: could not run, 2: some of it\n"
      "was wrong or refused.");
  app.require_subcommand(1);
  app.fallthrough();
  ClientOptions options;
  Chosen chosen;
  AddGlobalOptions(app, options);
  AddAccessCommands(app, chosen);
  AddImportCommand(app, chosen);
  AddDirectoryCommands(app, chosen);
  AddDefinitionCommands(app, chosen);
  AddReportCommand(app, chosen);
  AddPublicationCommands(app, chosen);
  AddCaseCommands(app, chosen);
  AddHistoryCommands(app, chosen);
  AddProfileCommands(app, chosen);
  AddProjectionCommands(app, chosen);
  AddVaultCommands(app, chosen);
  AddBackupCommands(app, chosen);
  AddDatabaseCommands(app, chosen);
  AddLedgerCommands(app, chosen);
  AddKeyCommands(app, chosen);
  AddAuditCommands(app, chosen);
  AddWitnessCommand(app, chosen);
  AddShelterCommands(app, chosen);
  AddReferralCommands(app, chosen);
  AddQualityCommands(app, chosen);
  AddPersonCommands(app, chosen);
  AddPrivacyCommands(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    // An unknown command is reported as a missing one.
    for (const std::string& word : app.remaining()) {
      fmt::print(stderr, "caseledger: unknown argument {}\n", word);
    }
    app.exit(error);
    return kExitCouldNotRun;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitGood : kExitCouldNotRun;
  }
  if (!chosen.asks_no_server) {
    if (const absl::Status status = CheckFiles(options); !status.ok()) {
      fmt::print(stderr, "caseledger: {}\n", std::string(status.message()));
      return kExitCouldNotRun;
    }
  }
  const absl::StatusOr<int> exit_code = chosen.action(options);
  if (exit_code.ok()) return *exit_code;
  fmt::print(stderr, "caseledger: {}\n", std::string(exit_code.status().message()));
  return kExitCouldNotRun;
}

}  // namespace
}  // namespace caseledger::cli

int main(int argc, char** argv) {
  caseledger::LeaveNoCoreDump();
  // Our own code throws nothing; the libraries for flags and files may.
  try {
    return caseledger::cli::Run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "caseledger: %s\n", error.what());
    return 1;
  }
}
