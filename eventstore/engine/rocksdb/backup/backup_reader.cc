#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "eventstore/backup/durable_file.h"
#include "eventstore/backup/manifest.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/backup/backup_copy.h"
#include "eventstore/engine/rocksdb/backup/directory_lock.h"
#include "eventstore/engine/rocksdb/backup/rocksdb_backup.h"

namespace caseledger::eventstore {
namespace rocksdb_engine {
namespace {

namespace fs = std::filesystem;

constexpr char kLogFolder[] = "/log";
constexpr char kRestoringFolder[] = "/log.restoring";

// A backup found in its directory, which nobody changes meanwhile.
struct Found {
  std::unique_ptr<DirectoryLock> lock;
  BackupManifest manifest;
  std::unique_ptr<CopyReader> reader;
};

absl::StatusOr<Found> FindBackup(const std::string& directory, uint64_t id,
                                 const OnBackupProgress& progress) {
  Found found;
  ASSIGN_OR_RETURN(found.lock, DirectoryLock::Take(directory, DirectoryLock::Kind::kShared));
  ASSIGN_OR_RETURN(found.manifest, ManifestStore(directory).Find(id));
  ASSIGN_OR_RETURN(found.reader, CopyReader::Open(directory, *rocksdb::Env::Default(), progress));
  return found;
}

absl::Status InBackup(uint64_t id, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), StrCat("backup ", id, ": ", FromAbsl(status.message())));
}

// Whether a process holds the store's lock. (RocksDB's lock is the process's own: releasing it is
// safe only because this program has no store open there.)
bool IsLive(const std::string& log_directory) {
  const std::string path = log_directory + "/LOCK";
  std::error_code error;
  if (!fs::exists(path, error)) return false;
  rocksdb::FileLock* lock = nullptr;
  if (!rocksdb::Env::Default()->LockFile(path, &lock).ok()) return true;
  rocksdb::Env::Default()->UnlockFile(lock).PermitUncheckedError();
  return false;
}

absl::Status CheckTarget(const std::string& data_directory) {
  RETURN_IF_ERROR(CheckNotRestoring(data_directory));
  std::error_code error;
  if (!fs::exists(data_directory, error)) return absl::OkStatus();
  if (IsLive(data_directory + kLogFolder) || IsLive(data_directory)) {
    return absl::FailedPreconditionError(
        StrCat("a server has ", data_directory,
               " open. Stop it, and restore into a directory that is empty or not there; move the "
               "old one aside and keep it"));
  }
  if (fs::is_directory(data_directory, error) && fs::is_empty(data_directory, error)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      StrCat(data_directory,
             " is not empty. Restore into a directory that is empty or not there; move the old "
             "one aside and keep it"));
}

// Fails when someone else has begun.
absl::Status BeginRestoring(const std::string& data_directory) {
  RETURN_IF_ERROR(MakeDirectoryDurably(data_directory));
  std::error_code error;
  if (!fs::create_directory(data_directory + kRestoringFolder, error)) {
    if (!error) return CheckNotRestoring(data_directory);
    return absl::UnavailableError(
        StrCat("cannot create ", data_directory, kRestoringFolder, ": ", error.message()));
  }
  fs::permissions(data_directory + kRestoringFolder, fs::perms::owner_all, error);
  return SyncDirectory(data_directory);
}

absl::Status PutInPlace(const std::string& data_directory) {
  const std::string restored = data_directory + kRestoringFolder;
  RETURN_IF_ERROR(SyncTree(restored));
  if (std::rename(restored.c_str(), (data_directory + kLogFolder).c_str()) != 0) {
    return absl::UnavailableError(
        StrCat("cannot put ", restored, " in place: ", std::system_category().message(errno)));
  }
  return SyncDirectory(data_directory);
}

absl::Status Restore(const Found& found, const std::string& data_directory,
                     const OnBackupProgress& progress) {
  const std::string restored = data_directory + kRestoringFolder;
  RETURN_IF_ERROR(found.reader->Describe(found.manifest.id).status());
  RETURN_IF_ERROR(BeginRestoring(data_directory));
  RETURN_IF_ERROR(found.reader->CopyTo(found.manifest, restored));
  {
    ASSIGN_OR_RETURN(const auto store, OpenReadOnly(*rocksdb::Env::Default(), restored));
    RETURN_IF_ERROR(store->CheckBlocks());
    RETURN_IF_ERROR(ReadThrough(*store, found.manifest, progress));
  }
  return PutInPlace(data_directory);
}

}  // namespace
}  // namespace rocksdb_engine

absl::StatusOr<BackupManifest> VerifyRocksDbBackup(const std::string& backup_directory, uint64_t id,
                                                   const OnBackupProgress& progress) {
  ASSIGN_OR_RETURN(const rocksdb_engine::Found found,
                   rocksdb_engine::FindBackup(backup_directory, id, progress));
  RETURN_IF_ERROR(rocksdb_engine::InBackup(found.manifest.id, found.reader->Check(found.manifest)));
  return found.manifest;
}

absl::StatusOr<BackupManifest> RestoreRocksDbBackup(const std::string& backup_directory,
                                                    uint64_t id, const std::string& data_directory,
                                                    const OnBackupProgress& progress) {
  RETURN_IF_ERROR(rocksdb_engine::CheckTarget(data_directory));
  ASSIGN_OR_RETURN(const rocksdb_engine::Found found,
                   rocksdb_engine::FindBackup(backup_directory, id, progress));
  RETURN_IF_ERROR(rocksdb_engine::InBackup(
      found.manifest.id, rocksdb_engine::Restore(found, data_directory, progress)));
  return found.manifest;
}

absl::Status CheckNotRestoring(const std::string& data_directory) {
  std::error_code error;
  if (!std::filesystem::exists(data_directory + rocksdb_engine::kRestoringFolder, error)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      StrCat("a restore into ", data_directory,
             " is under way or was interrupted. If none is running, delete ", data_directory,
             rocksdb_engine::kRestoringFolder,
             ", which holds only the unfinished copy, and restore again"));
}

}  // namespace caseledger::eventstore
