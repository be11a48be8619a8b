#include "eventstore/postgres/state.h"

#include <memory>

#include "eventstore/base/status_macros.h"
#include "eventstore/postgres/connection.h"
#include "eventstore/postgres/schema.h"

namespace caseledger::eventstore {
namespace {

using postgres::Connection;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kSettings = {
    "look_at_settings",
    "select to_regclass('caseledger.schema_version') is not null, "
    "current_setting('fsync') = 'on', current_setting('synchronous_standby_names')"};
constexpr Statement kVersion = {"look_at_version",
                                "select version::int8 from caseledger.schema_version"};
constexpr Statement kVaults = {"look_at_vaults",
                               "select vault, holder, token, address from caseledger.vault "
                               "order by vault"};
constexpr Statement kLedgers = {
    "look_at_ledgers", "select ledger, next_position from caseledger.log_head order by ledger"};

}  // namespace

absl::StatusOr<PostgresState> LookAtPostgres(const PostgresSession& session) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Connection::Open(session));
  PostgresState state;
  ASSIGN_OR_RETURN(const Rows settings, connection->Run(kSettings));
  state.fsync = settings.Bool(0, 1);
  state.synchronous_standbys = settings.Bytes(0, 2);
  if (!settings.Bool(0, 0)) return state;
  ASSIGN_OR_RETURN(const Rows version, connection->Run(kVersion));
  state.schema_version = version.count() == 0 ? 0 : static_cast<int>(version.Int8(0, 0));
  if (state.schema_version != kPostgresSchemaVersion) return state;
  ASSIGN_OR_RETURN(const Rows vaults, connection->Run(kVaults));
  for (int row = 0; row < vaults.count(); ++row) {
    state.vaults.push_back({std::string(vaults.Bytes(row, 0)), std::string(vaults.Bytes(row, 1)),
                            vaults.Int8(row, 2), std::string(vaults.Bytes(row, 3))});
  }
  ASSIGN_OR_RETURN(const Rows ledgers, connection->Run(kLedgers));
  for (int row = 0; row < ledgers.count(); ++row) {
    state.ledgers.push_back({std::string(ledgers.Bytes(row, 0)), ledgers.Number(row, 1)});
  }
  return state;
}

}  // namespace caseledger::eventstore
