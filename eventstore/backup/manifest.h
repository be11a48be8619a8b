// The manifests of a backup directory: which backups it holds, each at which position.
//
// A manifest is a file `manifests/NNNNNNNNNN` (the backup's number, ten digits): the 16 bytes
// `caseledgerbackup`, SHA-256 of what follows (32 bytes), serialised storage.v1.BackupManifest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/backup/backup.h"

namespace caseledger::eventstore {

inline constexpr uint32_t kBackupFormatVersion = 1;

std::string EncodeManifest(const BackupManifest& manifest);

// DATA_LOSS            cut, changed or not a manifest
// FAILED_PRECONDITION  of a newer program: a format or a part this one does not know
absl::StatusOr<BackupManifest> DecodeManifest(std::string_view bytes);

// One backup of a directory, or why its manifest cannot be read.
struct ListedBackup {
  uint64_t id = 0;
  absl::StatusOr<BackupManifest> manifest;
};

// The manifests of one backup directory. Thread-safe as far as the file system is: a manifest
// appears and goes as a whole, so listing needs no lock.
class ManifestStore {
 public:
  explicit ManifestStore(const std::string& backup_directory);

  // By number, unreadable ones included. Empty when there is no such directory. UNAVAILABLE.
  absl::StatusOr<std::vector<ListedBackup>> List() const;

  // The backup with this number, or the newest one for 0. NOT_FOUND; else as DecodeManifest.
  absl::StatusOr<BackupManifest> Find(uint64_t id) const;

  // Makes the backup count. Durable on OK.
  absl::Status Add(const BackupManifest& manifest) const;
  // The backup counts no more. Durable on OK.
  absl::Status Remove(uint64_t id) const;

 private:
  std::string PathOf(uint64_t id) const;
  absl::StatusOr<BackupManifest> Read(uint64_t id) const;

  const std::string directory_;
};

}  // namespace caseledger::eventstore
