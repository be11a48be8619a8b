#include "eventstore/postgres/schema.h"

#include <array>
#include <memory>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/postgres/connection.h"

namespace caseledger::eventstore {
namespace postgres {
namespace {

// Building an index over a large table takes its time.
constexpr Micros kMigrationPatience = Micros{4} * 3600 * kMicrosPerSecond;

// One row, which whoever migrates holds.
constexpr char kVersionTable[] = R"sql(
begin;
create schema if not exists caseledger;
create table if not exists caseledger.schema_version (
  only_row integer not null primary key check (only_row = 1),
  version integer not null
);
insert into caseledger.schema_version (only_row, version) values (1, 0) on conflict do nothing;
)sql";
constexpr Statement kLockVersion = {
    "lock_version", "select version::int8 from caseledger.schema_version for update"};
constexpr Statement kReadVersion = {"read_version",
                                    "select version::int8 from caseledger.schema_version"};
constexpr Statement kReadSettings = {"read_settings", "select current_setting('fsync')"};

// Numbers are non-negative bigint (marks that were copied before any event: -1). `commit_id` stands
// beside the first event of each commit. A mark that changes gets a row of its own, and the newest
// counts.
constexpr char kVersion1[] = R"sql(
create table caseledger.ledger (
  ledger text collate "C" not null,
  info bytea not null,
  primary key (ledger)
);
create table caseledger.log_head (
  ledger text collate "C" not null,
  next_position bigint not null,
  last_recorded_at bigint not null,
  last_leaf_hash bytea not null,
  primary key (ledger)
);
create table caseledger.event (
  ledger text collate "C" not null,
  position bigint not null,
  stream_kind bigint not null,
  stream_id uuid not null,
  revision bigint not null,
  leaf_hash bytea not null,
  record bytea not null,
  commit_id uuid,
  primary key (ledger, position),
  unique (ledger, stream_kind, stream_id, revision)
);
create table caseledger.stream_head (
  ledger text collate "C" not null,
  stream_kind bigint not null,
  stream_id uuid not null,
  revision bigint not null,
  position bigint not null,
  leaf_hash bytea not null,
  primary key (ledger, stream_kind, stream_id)
);
create table caseledger.mark (
  ledger text collate "C" not null,
  key bytea not null,
  position bigint not null,
  value bytea not null,
  primary key (ledger, key, position)
);
create table caseledger.tile (
  ledger text collate "C" not null,
  level bigint not null,
  index bigint not null,
  hashes bytea not null,
  primary key (ledger, level, index)
);
create table caseledger.signing_state (
  ledger text collate "C" not null,
  state bytea not null,
  primary key (ledger)
);
)sql";

// For one server at a time (lease.h): who holds a vault's lease and the ledgers' tokens, and the
// vault's rows.
constexpr char kVersion2[] = R"sql(
alter table caseledger.log_head add column fence bigint not null default 0;
create table caseledger.vault (
  vault text collate "C" not null,
  token bigint not null,
  beat bigint not null,
  patience bigint not null,
  holder text not null,
  primary key (vault)
);
create table caseledger.vault_row (
  vault text collate "C" not null,
  key bytea not null,
  value bytea not null,
  primary key (vault, key)
);
)sql";

// What is said of a ledger after its creation: the newest version counts.
constexpr char kVersion3[] = R"sql(
create table caseledger.ledger_info (
  ledger text collate "C" not null,
  version bigint not null,
  info bytea not null,
  primary key (ledger, version)
);
)sql";

// Where the server at work answers calls, for those that stand by.
constexpr char kVersion4[] = R"sql(
alter table caseledger.vault add column address text not null default '';
)sql";

constexpr std::array<const char*, kPostgresSchemaVersion> kMigrations = {kVersion1, kVersion2,
                                                                         kVersion3, kVersion4};

// What has no UPDATE here can be added to and never changed. Nothing can be deleted but the rows of
// keys, which erasures destroy.
std::string Grants(const std::string& role) {
  return StrCat("revoke all on all tables in schema caseledger from ", role,
                "; grant usage on schema caseledger to ", role,
                "; grant select on all tables in schema caseledger to ", role,
                "; grant insert on caseledger.ledger, caseledger.ledger_info, caseledger.log_head, "
                "caseledger.event, "
                "caseledger.stream_head, caseledger.mark, caseledger.tile, "
                "caseledger.signing_state, caseledger.vault, caseledger.vault_row to ",
                role,
                "; grant update on caseledger.log_head, caseledger.stream_head, "
                "caseledger.signing_state, caseledger.vault, caseledger.vault_row to ",
                role, "; grant delete on caseledger.vault_row to ", role, ";");
}

absl::Status Newer(int64_t version) {
  return absl::FailedPreconditionError(
      StrCat("the database has schema version ", version, ", this program knows ",
             kPostgresSchemaVersion, ": use the program version that migrated it, or a newer one"));
}

absl::Status ApplyMissing(Connection& connection, int64_t from) {
  std::string script;
  for (size_t i = static_cast<size_t>(from); i < kMigrations.size(); ++i) script += kMigrations[i];
  script += StrCat("update caseledger.schema_version set version = ", kPostgresSchemaVersion, ";");
  return connection.RunScript(script, kMigrationPatience);
}

}  // namespace

absl::Status CheckDatabase(Connection& connection) {
  absl::StatusOr<Rows> version = connection.Run(kReadVersion);
  if (!version.ok()) {
    if (!absl::IsFailedPrecondition(version.status())) return std::move(version).status();
    return absl::FailedPreconditionError(
        StrCat("the database is not migrated, or grants this role nothing: ",
               FromAbsl(version.status().message())));
  }
  const int64_t found = version->count() == 0 ? 0 : version->Int8(0, 0);
  if (found > kPostgresSchemaVersion) return Newer(found);
  if (found < kPostgresSchemaVersion) {
    return absl::FailedPreconditionError(StrCat("the database has schema version ", found,
                                                ", this program needs ", kPostgresSchemaVersion,
                                                ": migrate it first"));
  }
  ASSIGN_OR_RETURN(const Rows settings, connection.Run(kReadSettings));
  if (settings.Bytes(0, 0) != "on") {
    return absl::FailedPreconditionError(
        "the database has fsync off: what it acknowledges would not survive a crash");
  }
  return absl::OkStatus();
}

}  // namespace postgres

absl::StatusOr<int> MigratePostgres(const PostgresMigration& migration) {
  using postgres::Connection;
  PostgresSession session = migration.session;
  session.statement_timeout = 0;
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Connection::Open(session));
  const auto run = [&](const std::string& script) {
    return connection->RunScript(script, postgres::kMigrationPatience);
  };
  RETURN_IF_ERROR(run(postgres::kVersionTable));
  ASSIGN_OR_RETURN(const postgres::Rows version, connection->Run(postgres::kLockVersion));
  const int64_t found = version.Int8(0, 0);
  if (found > kPostgresSchemaVersion) return postgres::Newer(found);
  if (found < kPostgresSchemaVersion) {
    RETURN_IF_ERROR(postgres::ApplyMissing(*connection, found));
  }
  if (!migration.server_role.empty()) {
    ASSIGN_OR_RETURN(const std::string role, connection->Quoted(migration.server_role));
    RETURN_IF_ERROR(run(postgres::Grants(role)));
  }
  RETURN_IF_ERROR(run("commit"));
  return kPostgresSchemaVersion;
}

}  // namespace caseledger::eventstore
