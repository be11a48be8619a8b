#include "services/app/server/vault_backups.h"

#include <string>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/app/server/logging.h"
#include "services/app/storage/places.h"
#include "services/app/vault/vault_files.h"

namespace caseledger::app {
namespace {

constexpr Micros kLongestWait = Micros{600} * kMicrosPerSecond;

eventstore::VaultBackupKeeperOptions KeeperOptions(Clock& clock) {
  eventstore::VaultBackupKeeperOptions options;
  options.clock = &clock;
  return options;
}

void LogTrouble(const absl::Status& status) {
  Log(LogLevel::kError, "the vault is not backed up as it should be",
      {{"reason", std::string(status.message())},
       {"next", "it is tried again, at least every five minutes"}});
}

}  // namespace

absl::Status CheckVaultBackupPlace(const ServerOptions& options) {
  if (options.vault_backup_dir.empty()) return absl::OkStatus();
  const VaultPlace vault = VaultIn(options.data_dir, options.vault_dir, options.wrapping_key_dir);
  std::vector<Place> others = {{"--data-dir", options.data_dir}, {"--vault-dir", vault.vault_dir}};
  if (options.wrapping_token.module_path.empty()) {
    others.push_back({"--wrapping-key-dir", vault.wrapping_key_dir});
  }
  if (!options.backup_dir.empty()) others.push_back({"--backup-dir", options.backup_dir});
  const Place backups{"--vault-backup-dir", options.vault_backup_dir};
  for (const Place& other : others) RETURN_IF_ERROR(CheckApart(backups, other));
  return absl::OkStatus();
}

ServedVaultBackups::ServedVaultBackups(const ServerOptions& options, eventstore::Vault& vault,
                                       Clock& clock, Metrics& metrics)
    : metrics_(metrics),
      folder_(eventstore::MakeBackupFolder(options.vault_backup_dir)),
      keeper_(vault, *folder_, KeeperOptions(clock), [this](const auto& made) { Tell(made); }) {}

void ServedVaultBackups::Start() {
  keeper_.Start();
  const auto newest = keeper_.state().newest;
  if (newest.has_value()) metrics_.OnVaultBackup(newest->created_at);
}

void ServedVaultBackups::BeforeDestroying(absl::FunctionRef<bool()> go_on) {
  const Micros until = MonotonicNow() + kLongestWait;
  // What failed was told, and is tried again.
  keeper_.BackUpNow([&] { return go_on() && MonotonicNow() < until; }).status().IgnoreError();
}

void ServedVaultBackups::Tell(const absl::StatusOr<eventstore::MadeVaultBackup>& made) {
  if (!made.ok()) return LogTrouble(made.status());
  Log(LogLevel::kInfo, "the vault was backed up",
      {{"backup", StrCat(made->info.id)},
       {"bytes", StrCat(made->info.bytes)},
       {"removed_backups", StrCat(made->removed_ids.size())}});
  metrics_.OnVaultBackup(made->info.created_at);
  if (!made->not_removed.ok()) LogTrouble(made->not_removed);
}

}  // namespace caseledger::app
