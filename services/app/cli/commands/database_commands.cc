#include <fmt/format.h>

#include <memory>
#include <string>

#include "eventstore/base/status_macros.h"
#include "eventstore/postgres/schema.h"
#include "eventstore/postgres/state.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"
#include "services/app/storage/storage.h"

namespace caseledger::cli {
namespace {

using eventstore::kPostgresSchemaVersion;
using eventstore::PostgresState;

absl::StatusOr<int> Migrate(const eventstore::PostgresMigration& migration) {
  ASSIGN_OR_RETURN(const PostgresState before, eventstore::LookAtPostgres(migration.session));
  const absl::StatusOr<int> migrated = eventstore::MigratePostgres(migration);
  if (absl::IsFailedPrecondition(migrated.status()) &&
      before.schema_version <= kPostgresSchemaVersion) {
    return absl::FailedPreconditionError(fmt::format(
        "{}. Migrate as the role that owns the database, and with a --server-role that exists",
        std::string(migrated.status().message())));
  }
  RETURN_IF_ERROR(migrated.status());
  const int version = *migrated;
  if (before.schema_version == version) {
    fmt::print("The database has schema version {} already.\n", version);
  } else {
    fmt::print("The database has schema version {} now; it had {}.\n", version,
               before.schema_version == 0 ? "none" : std::to_string(before.schema_version));
  }
  if (migration.server_role.empty()) {
    fmt::print("No grants were made: give --server-role the role that servers log in with.\n");
  } else {
    fmt::print("{} may add to the log and change nothing of it.\n", migration.server_role);
  }
  return kExitGood;
}

std::string KnownText(int version) {
  if (version == kPostgresSchemaVersion) return "this program's";
  if (version == 0) return "none: run `caseledger db migrate`";
  return version < kPostgresSchemaVersion ? "older: run `caseledger db migrate`"
                                          : "newer: use a newer program";
}

Json ToJsonOf(const PostgresState& state) {
  Json vaults = Json::array();
  for (const auto& vault : state.vaults) {
    vaults.push_back({{"vault", vault.vault},
                      {"holder", vault.holder},
                      {"token", vault.token},
                      {"address", vault.address}});
  }
  Json ledgers = Json::array();
  for (const auto& ledger : state.ledgers) {
    ledgers.push_back({{"ledger", ledger.ledger}, {"events", ledger.events}});
  }
  return {{"schema_version", state.schema_version},
          {"known_schema_version", kPostgresSchemaVersion},
          {"fsync", state.fsync},
          {"synchronous_standbys", state.synchronous_standbys},
          {"vaults", vaults},
          {"ledgers", ledgers}};
}

void Print(const PostgresState& state) {
  fmt::print("schema version: {} ({})\n", state.schema_version, KnownText(state.schema_version));
  fmt::print("fsync: {}\n", state.fsync ? "on" : "OFF: no server starts");
  fmt::print("commits wait for standbys: {}\n",
             state.synchronous_standbys.empty() ? "no" : state.synchronous_standbys);
  for (const auto& vault : state.vaults) {
    fmt::print("ledgers were last held by: {}{}\n",
               vault.holder.empty() ? "who gave them back" : vault.holder,
               vault.address.empty() ? "" : ", which answers calls at " + vault.address);
  }
  if (state.ledgers.empty()) return;
  TextTable table({{"ledger"}, {"events", Align::kRight}});
  for (const auto& ledger : state.ledgers) {
    table.AddRow({ledger.ledger, std::to_string(ledger.events)});
  }
  fmt::print("{}", table.ToString());
}

absl::StatusOr<int> ShowState(const eventstore::PostgresSession& session,
                              const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "json"}));
  ASSIGN_OR_RETURN(const PostgresState state, eventstore::LookAtPostgres(session));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJsonOf(state)));
  } else {
    Print(state);
  }
  return state.schema_version == kPostgresSchemaVersion && state.fsync ? kExitGood
                                                                       : kExitSomeRefused;
}

CLI::Option* AddDsn(CLI::App& command, std::string& dsn, const char* what) {
  return command.add_option("--dsn", dsn, what)->envname(app::kDsnVariable)->required();
}

}  // namespace

void AddDatabaseCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand(
      "db", "The PostgreSQL database of servers with --engine postgres; no server needed.");
  group->require_subcommand(1);
  CLI::App* migrate = group->add_subcommand(
      "migrate", "Make the tables, or bring them up to this program's version.");
  migrate->footer(
      "In one transaction; run it as often as you like, while no server runs. A database that a "
      "newer\n"
      "program migrated is left alone.\n\n"
      "Examples:\n"
      "  createuser --pwprompt caseledger_owner && createuser --pwprompt caseledger_server\n"
      "  createdb --owner caseledger_owner caseledger\n"
      "  caseledger db migrate --server-role caseledger_server \\\n"
      "    --dsn 'host=db.example.org dbname=caseledger user=caseledger_owner'\n\n"
      "Exit code 0: done; 1: could not run or was refused.");
  const auto migration = std::make_shared<eventstore::PostgresMigration>();
  AddDsn(*migrate, migration->session.dsn,
         "Of the database: connection string or URI of libpq, as the role that owns the tables");
  migrate->add_option("--server-role", migration->server_role,
                      "The role that servers log in with, which is granted what it needs: it adds "
                      "to the log, and can neither change nor delete what is there");
  migrate->callback([migration, &chosen] {
    chosen.asks_no_server = true;
    chosen.action = [migration](const ClientOptions&) { return Migrate(*migration); };
  });
  CLI::App* status = group->add_subcommand(
      "status",
      "Tell the version of the tables, who held the ledgers last, and how long they are.");
  status->footer("Exit code 0: servers can use it; 1: could not run; 2: they cannot.");
  const auto session = std::make_shared<eventstore::PostgresSession>();
  AddDsn(*status, session->dsn, "Of the database: connection string or URI of libpq");
  status->callback([session, &chosen] {
    chosen.asks_no_server = true;
    chosen.action = [session](const ClientOptions& client) { return ShowState(*session, client); };
  });
}

}  // namespace caseledger::cli
