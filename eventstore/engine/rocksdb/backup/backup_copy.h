// One backup's copy of the log, as RocksDB's BackupEngine keeps it: what maker and reader share.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/backup/backup.h"
#include "eventstore/engine/rocksdb/backup/read_only_store.h"
#include "rocksdb/env.h"
#include "rocksdb/utilities/backup_engine.h"

namespace caseledger::eventstore::rocksdb_engine {

// How the BackupEngine works in the folder of the part `log` of the backup directory. All who open
// the folder must use the same.
rocksdb::BackupEngineOptions CopyOptions(const std::string& backup_directory, rocksdb::Env* env);

// A failed step of the BackupEngine. `what` says what was tried.
// DATA_LOSS    files are missing, cut or changed
// CANCELLED    stopped
// UNAVAILABLE  the storage did not answer
absl::Status CopyFailure(const rocksdb::Status& status, std::string_view what);

// The backups of one directory, for reading; counts what is read. Not thread-safe.
class CopyReader {
 public:
  // NOT_FOUND: there is no such folder. `progress` must outlive the reader.
  static absl::StatusOr<std::unique_ptr<CopyReader>> Open(const std::string& backup_directory,
                                                          rocksdb::Env& env,
                                                          const OnBackupProgress& progress);
  virtual ~CopyReader() = default;

  // Files and bytes of the copy. DATA_LOSS: there is none, or files are missing or cut.
  virtual absl::StatusOr<BackupPart> Describe(uint64_t id) const = 0;

  // The copy as a store. The reader must outlive it.
  virtual absl::StatusOr<std::unique_ptr<ReadOnlyStore>> OpenStore(uint64_t id) = 0;

  // Everything: each file against its recorded checksum, each block of the tables against its own,
  // every event (CheckLedgers). DATA_LOSS, UNAVAILABLE, CANCELLED.
  virtual absl::Status Check(const BackupManifest& manifest) = 0;

  // Copies the files into `target`, which holds nothing yet, comparing checksums on the way.
  virtual absl::Status CopyTo(const BackupManifest& manifest, const std::string& target) = 0;
};

// CheckLedgers, with progress.
absl::Status ReadThrough(const Engine& engine, const BackupManifest& manifest,
                         const OnBackupProgress& progress);

}  // namespace caseledger::eventstore::rocksdb_engine
