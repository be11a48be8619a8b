#include "eventstore/vault/rocksdb/rocksdb_vault_restore.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "eventstore/backup/durable_file.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/rocksdb/rocksdb_vault_store.h"

namespace caseledger::eventstore {
namespace {

namespace fs = std::filesystem;

// Without the slash at its end, so that a name can be made of it.
std::string NameOf(const std::string& path) {
  std::string name = path;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  return name;
}

absl::Status CheckFree(const std::string& path, const std::string& restoring) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(restoring, error))) {
    return absl::FailedPreconditionError(StrCat(
        "a restore of the vault is under way or was interrupted. If none is running, delete ",
        restoring, ", which holds only the unfinished copy, and restore again"));
  }
  if (!fs::exists(fs::symlink_status(path, error))) return absl::OkStatus();
  if (fs::is_directory(path, error) && fs::is_empty(path, error)) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat(
      "there is something at ", path,
      " already, and nothing is overwritten. If it is a vault, stop its server, move it aside "
      "and keep it until the restored one has proved itself"));
}

absl::StatusOr<VaultBackupInfo> Fill(const VaultBackups& backups, uint64_t id,
                                     const std::string& restoring) {
  RocksDbVaultOptions options;
  options.path = restoring;
  ASSIGN_OR_RETURN(const std::unique_ptr<VaultStore> store, OpenRocksDbVaultStore(options));
  return backups.PutInto(*store, id);
}

absl::Status PutInPlace(const std::string& restoring, const std::string& path) {
  RETURN_IF_ERROR(SyncTree(restoring));
  // An empty directory gives way.
  if (std::rename(restoring.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(
        StrCat("cannot put ", restoring, " in place: ", std::system_category().message(errno)));
  }
  const fs::path parent = fs::path(path).parent_path();
  return SyncDirectory(parent.empty() ? "." : parent.string());
}

}  // namespace

absl::StatusOr<VaultBackupInfo> RestoreRocksDbVault(const VaultBackups& backups, uint64_t id,
                                                    const std::string& path) {
  const std::string place = NameOf(path);
  const std::string restoring = place + ".restoring";
  RETURN_IF_ERROR(CheckFree(place, restoring));
  // Before anything is made: a damaged one leaves nothing to clear away.
  ASSIGN_OR_RETURN(const VaultBackupInfo chosen,
                   backups.Read(id, [](std::string_view, std::string_view) { return true; }));
  RETURN_IF_ERROR(MakeDirectoryDurably(restoring));
  ASSIGN_OR_RETURN(VaultBackupInfo info, Fill(backups, chosen.id, restoring));
  RETURN_IF_ERROR(PutInPlace(restoring, place));
  return info;
}

}  // namespace caseledger::eventstore
