#include "services/app/server/backups.h"

#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "eventstore/backup/manifest.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/backup/rocksdb_backup.h"
#include "services/app/server/logging.h"
#include "services/app/storage/places.h"

namespace caseledger::app {
namespace {

constexpr uint64_t kMebibyte = 1u << 20;

class LoggedBackups final : public eventstore::BackupMaker {
 public:
  LoggedBackups(std::unique_ptr<eventstore::BackupMaker> maker,
                eventstore::VaultBackupKeeper* vault_backups, Clock& clock, Metrics& metrics)
      : maker_(std::move(maker)), vault_backups_(vault_backups), clock_(clock), metrics_(metrics) {}

  absl::StatusOr<eventstore::MadeBackup> Create(
      uint32_t keep, const eventstore::OnBackupProgress& progress) override {
    const Micros begun = clock_.Now();
    eventstore::BackupProgress last;
    absl::StatusOr<eventstore::MadeBackup> made =
        maker_->Create(keep, [&](const eventstore::BackupProgress& now) {
          last = now;
          return progress(now);
        });
    if (!made.ok()) {
      Log(LogLevel::kError, "backup failed",
          {{"reason", std::string(FromAbsl(made.status().message()))}});
      return made;
    }
    Log(LogLevel::kInfo, "backup made",
        {{"backup", StrCat(made->manifest.id)},
         {"total_bytes", StrCat(made->manifest.bytes())},
         {"copied_bytes", StrCat(made->copied_bytes)},
         {"removed_backups", StrCat(made->removed_ids.size())},
         {"milliseconds", StrCat((clock_.Now() - begun) / 1000)}});
    metrics_.OnBackup(made->manifest.created_at);
    RETURN_IF_ERROR(BackUpVault(made->manifest.id, [&] { return progress(last); }));
    return made;
  }

 private:
  // After the log, so that it has every key that is used there.
  absl::Status BackUpVault(uint64_t id, absl::FunctionRef<bool()> go_on) {
    if (vault_backups_ == nullptr) return absl::OkStatus();
    const absl::Status made = vault_backups_->BackUpNow(go_on).status();
    if (made.ok()) return absl::OkStatus();
    return absl::Status(made.code(),
                        StrCat("BACKUP_VAULT_FAILED: backup ", id,
                               " of the log is complete, but the vault's with its keys is not, and "
                               "is tried again by itself: ",
                               FromAbsl(made.message())));
  }

  const std::unique_ptr<eventstore::BackupMaker> maker_;
  eventstore::VaultBackupKeeper* const vault_backups_;
  Clock& clock_;
  Metrics& metrics_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<eventstore::BackupMaker>> MakeBackups(
    const ServerOptions& options, eventstore::RocksDbStore& store,
    eventstore::VaultBackupKeeper* vault_backups, Clock& clock, Metrics& metrics) {
  if (options.backup_dir.empty()) return std::unique_ptr<eventstore::BackupMaker>();
  // Restoring never overwrites.
  RETURN_IF_ERROR(
      CheckApart({"--backup-dir", options.backup_dir}, {"--data-dir", options.data_dir}));
  eventstore::RocksDbBackupOptions backup_options;
  backup_options.directory = options.backup_dir;
  backup_options.bytes_per_second =
      static_cast<uint64_t>(options.backup_mib_per_second) * kMebibyte;
  backup_options.clock = &clock;
  const auto newest = eventstore::ManifestStore(options.backup_dir).Find(0);
  if (newest.ok()) metrics.OnBackup(newest->created_at);
  return std::make_unique<LoggedBackups>(eventstore::MakeRocksDbBackupMaker(store, backup_options),
                                         vault_backups, clock, metrics);
}

}  // namespace caseledger::app
