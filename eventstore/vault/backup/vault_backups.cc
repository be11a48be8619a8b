#include "eventstore/vault/backup/vault_backups.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

constexpr std::string_view kEnding = ".vault";
constexpr std::string_view kPartEnding = ".vault.part";
constexpr size_t kNameDigits = 10;
// What is put into a store in one write.
constexpr size_t kRowsPerWrite = 1024;

std::string NameOf(uint64_t id) {
  return StrCat(absl::StrFormat("%0*d", static_cast<int>(kNameDigits), id), kEnding);
}

std::optional<uint64_t> IdOfName(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) return std::nullopt;
  name.remove_suffix(ending.size());
  const bool digits = std::all_of(name.begin(), name.end(),
                                  [](unsigned char character) { return std::isdigit(character); });
  if (!digits || name.size() != kNameDigits) return std::nullopt;
  uint64_t id = 0;
  std::from_chars(name.data(), name.data() + name.size(), id);
  return id;
}

bool AnyRow(std::string_view, std::string_view) { return true; }

absl::Status Of(uint64_t id, const absl::Status& status) {
  return absl::Status(status.code(),
                      StrCat("backup ", id, " of the vault: ", FromAbsl(status.message())));
}

// Puts rows into a store some at a time.
class RowPutter {
 public:
  explicit RowPutter(VaultStore& store) : store_(store) {}

  bool Add(std::string_view key, std::string_view value) {
    changes_.emplace_back(key, std::string(value));
    if (changes_.size() == kRowsPerWrite) {
      status_ = store_.Write(changes_, /*durable=*/false);
      changes_.clear();
    }
    return status_.ok();
  }
  absl::Status Finish() {
    if (!status_.ok()) return status_;
    return store_.Write(changes_, /*durable=*/true);
  }
  const absl::Status& status() const { return status_; }

 private:
  VaultStore& store_;
  VaultChanges changes_;
  absl::Status status_;
};

absl::Status CheckEmpty(const VaultStore& store) {
  bool empty = true;
  RETURN_IF_ERROR(store.Visit("", [&](std::string_view, std::string_view) {
    empty = false;
    return false;
  }));
  if (empty) return absl::OkStatus();
  return absl::FailedPreconditionError("there is a vault already; nothing is overwritten");
}

absl::StatusOr<uint64_t> CountRows(const VaultStore& store) {
  uint64_t rows = 0;
  RETURN_IF_ERROR(store.Visit("", [&](std::string_view, std::string_view) {
    ++rows;
    return true;
  }));
  return rows;
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> VaultBackups::Ids() const {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, folder_.Names());
  std::vector<uint64_t> ids;
  for (const std::string& name : names) {
    if (const auto id = IdOfName(name, kEnding)) ids.push_back(*id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

absl::StatusOr<VaultBackupInfo> VaultBackups::ReadFile(const std::string& name, uint64_t id,
                                                       OnVaultRow row) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<BackupFolder::Reader> file, folder_.Open(name));
  ASSIGN_OR_RETURN(VaultBackupInfo info, ReadVaultBackup(*file, row));
  if (info.id == id) return info;
  return absl::DataLossError(StrCat("the file is that of backup ", info.id, "; use another"));
}

absl::StatusOr<std::vector<ListedVaultBackup>> VaultBackups::List() const {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, Ids());
  std::vector<ListedVaultBackup> listed;
  for (const uint64_t id : ids) {
    ListedVaultBackup backup{id, ReadFile(NameOf(id), id, AnyRow)};
    if (!backup.info.ok()) {
      ASSIGN_OR_RETURN(const std::vector<uint64_t> still, Ids());
      if (!std::binary_search(still.begin(), still.end(), id)) continue;
    }
    listed.push_back(std::move(backup));
  }
  return listed;
}

absl::StatusOr<VaultBackupInfo> VaultBackups::Read(uint64_t id, OnVaultRow row) const {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, Ids());
  if (ids.empty()) {
    return absl::NotFoundError(StrCat("there is no backup of a vault in ", folder_.path(),
                                      "; give the server's --vault-backup-dir or a copy of it"));
  }
  if (id == 0) id = ids.back();
  if (!std::binary_search(ids.begin(), ids.end(), id)) {
    return absl::NotFoundError(StrCat("there is no backup ", id, " in ", folder_.path(),
                                      "; `caseledger vault backups` shows those that are"));
  }
  absl::StatusOr<VaultBackupInfo> info = ReadFile(NameOf(id), id, row);
  if (!info.ok()) return Of(id, info.status());
  return info;
}

absl::StatusOr<MadeVaultBackup> VaultBackups::Create(Vault& vault, Clock& clock,
                                                     absl::FunctionRef<bool()> go_on) {
  RETURN_IF_ERROR(folder_.Prepare());
  ASSIGN_OR_RETURN(const std::vector<Older> older, CheckOlder(vault, go_on));
  RETURN_IF_ERROR(RemoveParts());
  const uint64_t id = older.empty() ? 1 : older.back().id + 1;
  const std::string part = StrCat(NameOf(id), ".part");
  MadeVaultBackup made;
  ASSIGN_OR_RETURN(made.info, WritePart(vault, id, clock.Now(), go_on));
  const absl::StatusOr<VaultBackupInfo> read =
      ReadFile(part, id, [&](std::string_view, std::string_view) { return go_on(); });
  RETURN_IF_ERROR(read.status());
  if (*read != made.info) {
    return absl::DataLossError(
        "the backup of the vault does not read back as it was written; check its disk");
  }
  RETURN_IF_ERROR(folder_.Rename(part, NameOf(id)));
  RemoveOlder(older, made);
  return made;
}

absl::StatusOr<std::vector<VaultBackups::Older>> VaultBackups::CheckOlder(
    const Vault& vault, absl::FunctionRef<bool()> go_on) const {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, Ids());
  std::vector<Older> older;
  for (const uint64_t id : ids) {
    absl::Status checked = CheckContinued(vault, id, go_on);
    if (absl::IsCancelled(checked)) return checked;
    if (checked.ok() || absl::IsDataLoss(checked) || absl::IsUnavailable(checked)) {
      older.push_back({id, std::move(checked)});
      continue;
    }
    return checked;
  }
  return older;
}

absl::Status VaultBackups::CheckContinued(const Vault& vault, uint64_t id,
                                          absl::FunctionRef<bool()> go_on) const {
  absl::Status status;
  const absl::StatusOr<VaultBackupInfo> info =
      ReadFile(NameOf(id), id, [&](std::string_view key, std::string_view) {
        const absl::StatusOr<bool> continues = vault.Continues(key);
        if (!continues.ok()) {
          status = continues.status();
        } else if (!*continues) {
          status = absl::FailedPreconditionError(
              StrCat("VAULT_BACKUP_IS_NEWER: backup ", id, " in ", folder_.path(),
                     " has keys that this vault does not know: this vault is older, or another. "
                     "Nothing was changed there. Keep that backup, and put it back (`caseledger "
                     "vault restore`) if this vault should be that one; else start the server "
                     "with another --vault-backup-dir"));
        } else if (!go_on()) {
          status = absl::CancelledError("the backup of the vault was stopped");
        }
        return status.ok();
      });
  if (!status.ok()) return status;
  if (!info.ok()) return Of(id, info.status());
  if (info->vault_id == vault.id()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("VAULT_BACKUP_OF_ANOTHER: backup ", id, " in ", folder_.path(),
             " is one of another vault. Nothing was changed there; start the server with another "
             "--vault-backup-dir"));
}

absl::Status VaultBackups::RemoveParts() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, folder_.Names());
  for (const std::string& name : names) {
    if (IdOfName(name, kPartEnding)) RETURN_IF_ERROR(folder_.Remove(name));
  }
  return absl::OkStatus();
}

absl::StatusOr<VaultBackupInfo> VaultBackups::WritePart(Vault& vault, uint64_t id, Micros now,
                                                        absl::FunctionRef<bool()> go_on) {
  ASSIGN_OR_RETURN(const std::unique_ptr<BackupFolder::Writer> file,
                   folder_.Make(StrCat(NameOf(id), ".part")));
  VaultBackupWriter writer(*file);
  RETURN_IF_ERROR(writer.Begin(id, vault.id(), now));
  absl::Status status;
  const absl::Status copied = vault.Copy([&](std::string_view key, std::string_view value) {
    status = writer.Add(key, value);
    return status.ok() && go_on();
  });
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(copied);
  return writer.End();
}

void VaultBackups::RemoveOlder(const std::vector<Older>& older, MadeVaultBackup& made) {
  for (const Older& each : older) {
    absl::Status removed = each.readable.ok() ? folder_.Remove(NameOf(each.id)) : each.readable;
    if (removed.ok()) {
      made.removed_ids.push_back(each.id);
    } else if (made.not_removed.ok()) {
      made.not_removed = absl::Status(
          removed.code(),
          StrCat("a newer backup was made, but an older one is still in ", folder_.path(),
                 ", with what was erased since; remove it: ", FromAbsl(removed.message())));
    }
  }
}

absl::StatusOr<VaultBackupInfo> VaultBackups::PutInto(VaultStore& store, uint64_t id) const {
  RETURN_IF_ERROR(CheckEmpty(store));
  RowPutter rows(store);
  absl::StatusOr<VaultBackupInfo> info =
      Read(id, [&](std::string_view key, std::string_view value) { return rows.Add(key, value); });
  RETURN_IF_ERROR(rows.status());
  RETURN_IF_ERROR(info.status());
  RETURN_IF_ERROR(rows.Finish());
  // So that it lies in table files, where each block has its checksum.
  RETURN_IF_ERROR(store.Purge());
  RETURN_IF_ERROR(CheckHolds(store, *info));
  return info;
}

absl::Status VaultBackups::CheckHolds(const VaultStore& store, const VaultBackupInfo& info) const {
  ASSIGN_OR_RETURN(const uint64_t rows, CountRows(store));
  bool same = rows == info.rows;
  absl::Status status;
  const absl::StatusOr<VaultBackupInfo> read =
      Read(info.id, [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<std::optional<std::string>> kept = store.Get(key);
        if (!kept.ok()) {
          status = kept.status();
        } else {
          same = same && *kept == value;
        }
        return status.ok() && same;
      });
  RETURN_IF_ERROR(status);
  if (!same) {
    return absl::DataLossError(
        "the restored vault is not what the backup holds; check the disk and restore again");
  }
  return read.status();
}

}  // namespace caseledger::eventstore
