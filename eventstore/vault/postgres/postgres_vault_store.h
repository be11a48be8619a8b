// A vault's rows in a PostgreSQL database, for the server that holds the vault's lease.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/random.h"
#include "eventstore/postgres/lease.h"
#include "eventstore/postgres/postgres_options.h"
#include "eventstore/vault/vault_store.h"

namespace caseledger::eventstore {

struct PostgresVaultOptions {
  PostgresSession session;
  std::string vault = "main";  // as of the lease
  // Must outlive the store. Writes are refused as soon as somebody else has taken it; with null
  // always.
  const PostgresLease* lease = nullptr;
  size_t max_connections = 4;
  Micros connection_wait = 5 * kMicrosPerSecond;
  Micros commit_patience = 20 * kMicrosPerSecond;  // as of the engine
  PostgresRetry retry;                             // of reads
};

// Opens a session when it is first used. `random` must outlive the store.
//
// It goes on after an outage: what `Write` is given once more does no harm. UNAVAILABLE also when
// another server has the lease; nothing is written then.
//
// `Purge` removes nothing: rows that were overwritten stay in the database's files, in its
// write-ahead log, on standbys and in backups as long as the database keeps them. They are wrapped
// keys, so destroying the wrapping key is what ends them (README).
std::unique_ptr<VaultStore> OpenPostgresVaultStore(const PostgresVaultOptions& options,
                                                   RandomSource& random);

}  // namespace caseledger::eventstore
