#include "eventstore/engine/rocksdb/backup/backup_copy.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "eventstore/backup/durable_file.h"
#include "eventstore/backup/ledger_check.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/backup/file_meter.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

using Phase = BackupProgress::Phase;

constexpr size_t kMostIndexBytes = 64u << 20;  // a million files

class OpenReader final : public CopyReader {
 public:
  OpenReader(rocksdb::Env& base, const OnBackupProgress& progress)
      : env_(base, FileMeter::Counted::kReads, [this](uint64_t bytes) { OnBytes(bytes); }),
        progress_(progress) {}

  absl::Status Open(const std::string& backup_directory) {
    // RocksDB opens a copy by no relative path.
    const std::string absolute = std::filesystem::absolute(backup_directory).string();
    folder_ = CopyOptions(absolute, env_.env()).backup_dir;
    if (!env_.env()->FileExists(folder_).ok()) {
      return absl::NotFoundError(StrCat("there is no backup of the log in ", backup_directory));
    }
    rocksdb::BackupEngineReadOnly* raw = nullptr;
    const rocksdb::IOStatus status =
        rocksdb::BackupEngineReadOnly::Open(CopyOptions(absolute, env_.env()), env_.env(), &raw);
    copies_.reset(raw);
    return status.ok() ? absl::OkStatus() : CopyFailure(status, "open the backups");
  }

  absl::StatusOr<BackupPart> Describe(uint64_t id) const override {
    rocksdb::BackupInfo info;
    RETURN_IF_ERROR(GetInfo(id, /*details=*/false, info));
    const std::string index = StrCat(folder_, "/meta/", id);
    const absl::StatusOr<std::string> bytes = ReadSmallFile(index, kMostIndexBytes);
    if (absl::IsUnavailable(bytes.status())) return bytes.status();
    if (!bytes.ok()) return absl::DataLossError(StrCat("its index ", index, " is not readable"));
    return BackupPart{kLogPart, info.number_files, info.size, Sha256({*bytes})};
  }

  absl::StatusOr<std::unique_ptr<ReadOnlyStore>> OpenStore(uint64_t id) override {
    RETURN_IF_ERROR(GetInfo(id, /*details=*/true, opened_));
    return OpenReadOnly(*opened_.env_for_open, opened_.name_for_open);
  }

  absl::Status Check(const BackupManifest& manifest) override {
    ASSIGN_OR_RETURN(const BackupPart part, Find(manifest));
    // Every byte is read twice: as a file, and as blocks of tables.
    Begin(Phase::kCheckingFiles, 2 * part.bytes);
    const rocksdb::IOStatus files = copies_->VerifyBackup(IdOf(manifest.id), true);
    if (!files.ok()) return CopyFailure(files, "check the files");
    RETURN_IF_ERROR(CheckStopped());
    ASSIGN_OR_RETURN(const std::unique_ptr<ReadOnlyStore> store, OpenStore(manifest.id));
    RETURN_IF_ERROR(store->CheckBlocks());
    RETURN_IF_ERROR(End());
    return ReadThrough(*store, manifest, progress_);
  }

  absl::Status CopyTo(const BackupManifest& manifest, const std::string& target) override {
    ASSIGN_OR_RETURN(const BackupPart part, Find(manifest));
    Begin(Phase::kCopyingFiles, part.bytes);
    const rocksdb::IOStatus status =
        copies_->RestoreDBFromBackup(rocksdb::RestoreOptions(), IdOf(manifest.id), target, target);
    if (!status.ok()) return CopyFailure(status, "copy the files");
    return End();
  }

 private:
  static rocksdb::BackupID IdOf(uint64_t id) { return static_cast<rocksdb::BackupID>(id); }

  // The copy, when it is the one that the manifest is about.
  absl::StatusOr<BackupPart> Find(const BackupManifest& manifest) const {
    ASSIGN_OR_RETURN(const BackupPart part, Describe(manifest.id));
    for (const BackupPart& expected : manifest.parts) {
      if (expected.name == part.name && expected.index_hash == part.index_hash) return part;
    }
    return absl::DataLossError("the list of its files is not the one that was written");
  }

  absl::Status GetInfo(uint64_t id, bool details, rocksdb::BackupInfo& info) const {
    const rocksdb::Status status = copies_->GetBackupInfo(IdOf(id), &info, details);
    if (status.ok()) return absl::OkStatus();
    return absl::DataLossError(
        StrCat("files of the backup are missing or cut: ", status.ToString()));
  }

  void Begin(Phase phase, uint64_t total) {
    before_ = env_.bytes();
    told_ = {phase, 0, total};
    if (!progress_(told_)) stopped_ = true;
    reporting_ = true;
  }

  void OnBytes(uint64_t bytes) {
    if (!reporting_) return;
    told_.done = std::min(bytes - before_, told_.total);
    if (!progress_(told_)) stopped_ = true;
  }

  absl::Status End() {
    reporting_ = false;
    told_.done = told_.total;
    if (!progress_(told_)) stopped_ = true;
    return CheckStopped();
  }

  absl::Status CheckStopped() const {
    return stopped_ ? absl::CancelledError("stopped") : absl::OkStatus();
  }

  MeteredEnv env_;
  const OnBackupProgress& progress_;
  std::string folder_;
  std::unique_ptr<rocksdb::BackupEngineReadOnly> copies_;
  rocksdb::BackupInfo opened_;
  // What follows is touched only between Begin and End, by one thread at a time.
  bool reporting_ = false;
  bool stopped_ = false;
  uint64_t before_ = 0;
  BackupProgress told_;
};

uint64_t EventsOf(const BackupManifest& manifest) {
  uint64_t events = 0;
  for (const BackupLedger& ledger : manifest.ledgers) events += ledger.head.next_position;
  return events;
}

}  // namespace

rocksdb::BackupEngineOptions CopyOptions(const std::string& backup_directory, rocksdb::Env* env) {
  rocksdb::BackupEngineOptions options(StrCat(backup_directory, "/", kLogPart), env);
  options.sync = true;
  options.share_table_files = true;
  options.share_files_with_checksum = true;
  options.max_background_operations = 1;
  return options;
}

absl::Status CopyFailure(const rocksdb::Status& status, std::string_view what) {
  const std::string text = StrCat("cannot ", what, ": ", status.ToString());
  if (status.IsIncomplete()) return absl::CancelledError(text);
  // Sizes that differ are reported as Corruption, too.
  if (status.IsCorruption() || status.IsNotFound() || status.IsPathNotFound()) {
    return absl::DataLossError(text);
  }
  return absl::UnavailableError(text);
}

absl::StatusOr<std::unique_ptr<CopyReader>> CopyReader::Open(const std::string& backup_directory,
                                                             rocksdb::Env& env,
                                                             const OnBackupProgress& progress) {
  auto reader = std::make_unique<OpenReader>(env, progress);
  RETURN_IF_ERROR(reader->Open(backup_directory));
  return reader;
}

absl::Status ReadThrough(const Engine& engine, const BackupManifest& manifest,
                         const OnBackupProgress& progress) {
  BackupProgress told{Phase::kReadingEvents, 0, EventsOf(manifest)};
  return CheckLedgers(engine, manifest, SystemRandom(), [&](uint64_t events) {
    told.done = events;
    return progress(told);
  });
}

}  // namespace caseledger::eventstore::rocksdb_engine
