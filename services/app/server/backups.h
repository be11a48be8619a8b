// The server's backups: where they go, and that each one is in the log and in the metrics.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "eventstore/backup/backup.h"
#include "eventstore/base/clock.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "services/app/server/metrics.h"
#include "services/app/server/options.h"

namespace caseledger::app {

// Null when the options name no directory. Store, clock and metrics must outlive the maker.
// INVALID_ARGUMENT  the directory of backups lies in the data directory or holds it
absl::StatusOr<std::unique_ptr<eventstore::BackupMaker>> MakeBackups(
    const ServerOptions& options, eventstore::RocksDbStore& store, Clock& clock, Metrics& metrics);

}  // namespace caseledger::app
