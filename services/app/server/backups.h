// The server's backups: where they go, and that each one is in the log and in the metrics.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "eventstore/backup/backup.h"
#include "eventstore/base/clock.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "eventstore/vault/backup/backup_keeper.h"
#include "services/app/monitoring/metrics.h"
#include "services/app/server/options.h"

namespace caseledger::app {

// Null when the options name no directory. Each backup of the log is followed by one of the vault,
// unless `vault_backups` is null; when that fails, so does Create, with BACKUP_VAULT_FAILED,
// although the log's is there. All must outlive the maker.
// INVALID_ARGUMENT  the directory of backups lies in the data directory or holds it
absl::StatusOr<std::unique_ptr<eventstore::BackupMaker>> MakeBackups(
    const ServerOptions& options, eventstore::RocksDbStore& store,
    eventstore::VaultBackupKeeper* vault_backups, Clock& clock, Metrics& metrics);

}  // namespace caseledger::app
