// Backups of the RocksDB engine: made beside a running store, checked and restored without one.
// README.md says how a backup directory is laid out and why.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/backup/backup.h"
#include "eventstore/base/clock.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"

namespace caseledger::eventstore {

struct RocksDbBackupOptions {
  // Directory of backups and of nothing else; created when it is not there. Never inside the
  // store's own.
  std::string directory;
  // What copying may write a second, so that commits keep the disk to themselves. 0: no limit.
  uint64_t bytes_per_second = 64u << 20;
  Clock* clock = nullptr;  // required
  // Files of the backup directory; injected by tests. Null: the system's.
  rocksdb::Env* env = nullptr;
};

// The store must outlive the maker.
std::unique_ptr<BackupMaker> MakeRocksDbBackupMaker(RocksDbStore& store,
                                                    const RocksDbBackupOptions& options);

// Checks one backup (`id` 0: the newest) in full: manifest, files against their checksums, and the
// ledgers read through. Returns its manifest.
//
// NOT_FOUND            no such backup or directory
// DATA_LOSS            damaged; says where
// FAILED_PRECONDITION  of a newer program
// ABORTED              a backup is being made in the directory
// UNAVAILABLE          the storage does not answer
absl::StatusOr<BackupManifest> VerifyRocksDbBackup(const std::string& backup_directory, uint64_t id,
                                                   const OnBackupProgress& progress);

// Puts one backup (`id` 0: the newest) into `data_directory` + "/log", which a server then opens.
// The copy is checked as VerifyRocksDbBackup does before it is put in place; until then it is
// called `log.restoring`, and a server refuses the directory (CheckNotRestoring).
//
// FAILED_PRECONDITION  `data_directory` is not empty, or a server has it open
// ABORTED              a backup is being made in the directory
// else                 as VerifyRocksDbBackup
absl::StatusOr<BackupManifest> RestoreRocksDbBackup(const std::string& backup_directory,
                                                    uint64_t id, const std::string& data_directory,
                                                    const OnBackupProgress& progress);

// FAILED_PRECONDITION when a restore into the directory has not come to its end.
absl::Status CheckNotRestoring(const std::string& data_directory);

}  // namespace caseledger::eventstore
