#include "tests/support/test_storage.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>

#include "eventstore/postgres/schema.h"
#include "tests/support/postgres_cluster.h"

namespace caseledger::testing {
namespace {

// A server that is killed is waited for so long.
constexpr int kLeaseSeconds = 2;
constexpr int kSessions = 8;

bool UsesDatabase() {
  const char* engine = std::getenv("CASELEDGER_TEST_ENGINE");
  return engine != nullptr && std::string_view(engine) == app::kPostgres;
}

void MustBeOk(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

}  // namespace

app::StorageChoice NewDatabase() {
  PostgresCluster* const cluster = PostgresCluster::Shared();
  if (cluster == nullptr) std::abort();
  const auto database = cluster->CreateDatabase();
  MustBeOk(database.status());
  eventstore::PostgresMigration migration;
  migration.session.dsn = cluster->Dsn(*database, PostgresCluster::kOwner);
  migration.server_role = PostgresCluster::kServerRole;
  MustBeOk(eventstore::MigratePostgres(migration).status());
  app::StorageChoice choice;
  choice.engine = app::kPostgres;
  choice.dsn = cluster->Dsn(*database, PostgresCluster::kServerRole);
  choice.db_connections = kSessions;
  choice.lease_seconds = kLeaseSeconds;
  return choice;
}

app::StorageChoice StorageFor(const std::string& data_dir) {
  if (!UsesDatabase()) return {};
  static auto& mutex = *new std::mutex;
  static auto& choices = *new std::map<std::string, app::StorageChoice>;
  const std::lock_guard lock(mutex);
  const auto known = choices.find(data_dir);
  if (known != choices.end()) return known->second;
  return choices.emplace(data_dir, NewDatabase()).first->second;
}

std::vector<std::string> EngineFlagsFor(const std::string& data_dir) {
  const app::StorageChoice choice = StorageFor(data_dir);
  if (!choice.in_database()) return {};
  return {"--engine", choice.engine, "--dsn", choice.dsn};
}

std::vector<std::string> StorageFlags(const app::StorageChoice& choice) {
  if (!choice.in_database()) return {};
  return {"--engine",
          choice.engine,
          "--dsn",
          choice.dsn,
          "--db-connections",
          std::to_string(choice.db_connections),
          "--lease-seconds",
          std::to_string(choice.lease_seconds)};
}

}  // namespace caseledger::testing
