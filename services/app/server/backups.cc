#include "services/app/server/backups.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "eventstore/backup/manifest.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/backup/rocksdb_backup.h"
#include "services/app/server/logging.h"

namespace caseledger::app {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMebibyte = 1u << 20;

fs::path Canonical(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  // Without the empty last part of a path that ends in a slash.
  return canonical.has_filename() ? canonical : canonical.parent_path();
}

bool Holds(const fs::path& outer, const fs::path& inner) {
  const auto [in_outer, in_inner] =
      std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return in_outer == outer.end();
}

// A backup that lies with what it is of is lost with it, and restoring never overwrites.
absl::Status CheckApart(const ServerOptions& options) {
  const fs::path data = Canonical(options.data_dir);
  const fs::path backups = Canonical(options.backup_dir);
  if (!Holds(data, backups) && !Holds(backups, data)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("--backup-dir ", options.backup_dir, " and --data-dir ", options.data_dir,
             " must not hold one another; choose a directory on another disk"));
}

class LoggedBackups final : public eventstore::BackupMaker {
 public:
  LoggedBackups(std::unique_ptr<eventstore::BackupMaker> maker, Clock& clock, Metrics& metrics)
      : maker_(std::move(maker)), clock_(clock), metrics_(metrics) {}

  absl::StatusOr<eventstore::MadeBackup> Create(
      uint32_t keep, const eventstore::OnBackupProgress& progress) override {
    const Micros begun = clock_.Now();
    absl::StatusOr<eventstore::MadeBackup> made = maker_->Create(keep, progress);
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
    return made;
  }

 private:
  const std::unique_ptr<eventstore::BackupMaker> maker_;
  Clock& clock_;
  Metrics& metrics_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<eventstore::BackupMaker>> MakeBackups(
    const ServerOptions& options, eventstore::RocksDbStore& store, Clock& clock, Metrics& metrics) {
  if (options.backup_dir.empty()) return std::unique_ptr<eventstore::BackupMaker>();
  RETURN_IF_ERROR(CheckApart(options));
  eventstore::RocksDbBackupOptions backup_options;
  backup_options.directory = options.backup_dir;
  backup_options.bytes_per_second =
      static_cast<uint64_t>(options.backup_mib_per_second) * kMebibyte;
  backup_options.clock = &clock;
  const auto newest = eventstore::ManifestStore(options.backup_dir).Find(0);
  if (newest.ok()) metrics.OnBackup(newest->created_at);
  return std::make_unique<LoggedBackups>(eventstore::MakeRocksDbBackupMaker(store, backup_options),
                                         clock, metrics);
}

}  // namespace caseledger::app
