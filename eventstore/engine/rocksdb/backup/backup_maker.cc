#include <algorithm>
#include <atomic>
#include <charconv>
#include <set>
#include <utility>
#include <vector>

#include "eventstore/backup/durable_file.h"
#include "eventstore/backup/ledger_check.h"
#include "eventstore/backup/manifest.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/backup/backup_copy.h"
#include "eventstore/engine/rocksdb/backup/directory_lock.h"
#include "eventstore/engine/rocksdb/backup/file_meter.h"
#include "eventstore/engine/rocksdb/backup/rocksdb_backup.h"
#include "rocksdb/db.h"

namespace caseledger::eventstore {
namespace rocksdb_engine {
namespace {

constexpr char kSharedFolder[] = "/shared_checksum";

absl::Status NotContinued(std::string_view ledger, std::string_view why) {
  return absl::FailedPreconditionError(
      StrCat("BACKUP_OF_ANOTHER_STORE: the store does not continue the newest backup in this "
             "directory: ledger ",
             ledger, " ", why,
             ". That backup may hold events this store has not. Keep the directory, and have this "
             "store backed up into another one"));
}

// OK when the store holds all that the backup holds: a directory has backups of one history only,
// so that letting old ones go never loses an event.
absl::Status CheckContinues(const Engine& store, const std::vector<BackupLedger>& now,
                            const BackupManifest& newest) {
  for (const BackupLedger& then : newest.ledgers) {
    const auto found = std::find_if(now.begin(), now.end(), [&](const BackupLedger& ledger) {
      return ledger.ledger == then.ledger;
    });
    if (found == now.end() || found->created_at != then.created_at) {
      return NotContinued(then.ledger, "is not that of the backup");
    }
    if (found->head.next_position < then.head.next_position) {
      return NotContinued(then.ledger, "is shorter than in the backup");
    }
    if (then.head.next_position == 0) continue;
    Hash256 leaf_hash;
    RETURN_IF_ERROR(store.Read(then.ledger, then.head.next_position - 1, then.head.next_position,
                               [&](const StoredEvent& event) {
                                 leaf_hash = event.leaf_hash;
                                 return true;
                               }));
    if (leaf_hash != then.head.last_leaf_hash) {
      return NotContinued(then.ledger, "has other events than the backup");
    }
  }
  return absl::OkStatus();
}

// The newest backup whose manifest can be read.
const BackupManifest* NewestOf(const std::vector<ListedBackup>& listed) {
  for (auto backup = listed.rbegin(); backup != listed.rend(); ++backup) {
    if (backup->manifest.ok()) return &*backup->manifest;
  }
  return nullptr;
}

// A shared table file is called NUMBER_sSESSION_SIZE.sst.
using NumberAndSize = std::pair<uint64_t, uint64_t>;

std::optional<NumberAndSize> ParseSharedName(const std::string& name) {
  const size_t size_at = name.rfind('_') + 1;
  NumberAndSize parsed;
  const char* end = name.data() + name.size();
  const auto number = std::from_chars(name.data(), end, parsed.first);
  if (number.ec != std::errc() || size_at == 0) return std::nullopt;
  const auto size = std::from_chars(name.data() + size_at, end, parsed.second);
  if (size.ec != std::errc()) return std::nullopt;
  return parsed;
}

// Bytes of the store's files that no earlier backup holds; for progress only.
uint64_t EstimateNewBytes(rocksdb::DB& db, rocksdb::Env& env, const std::string& folder) {
  std::vector<std::string> names;
  env.GetChildren(folder + kSharedFolder, &names).PermitUncheckedError();
  std::set<NumberAndSize> known;
  for (const std::string& name : names) {
    if (const auto parsed = ParseSharedName(name)) known.insert(*parsed);
  }
  rocksdb::LiveFilesStorageInfoOptions options;
  options.wal_size_for_flush = UINT64_MAX;
  std::vector<rocksdb::LiveFileStorageInfo> files;
  if (!db.GetLiveFilesStorageInfo(options, &files).ok()) return 0;
  uint64_t bytes = 0;
  for (const rocksdb::LiveFileStorageInfo& file : files) {
    if (!known.contains({file.file_number, file.size})) bytes += file.size;
  }
  return bytes;
}

// One run of Create.
class Run {
 public:
  Run(RocksDbStore& store, const RocksDbBackupOptions& options, const OnBackupProgress& progress)
      : store_(store),
        options_(options),
        progress_(progress),
        base_env_(options.env != nullptr ? *options.env : *rocksdb::Env::Default()),
        env_(base_env_, FileMeter::Counted::kWrites, [this](uint64_t bytes) { OnBytes(bytes); }),
        manifests_(options.directory) {}

  absl::StatusOr<MadeBackup> Go(uint32_t keep) {
    ASSIGN_OR_RETURN(const std::vector<ListedBackup> listed, manifests_.List());
    ASSIGN_OR_RETURN(const std::vector<BackupLedger> before, LedgersOf(store_));
    if (const BackupManifest* newest = NewestOf(listed)) {
      RETURN_IF_ERROR(CheckContinues(store_, before, *newest));
    }
    RETURN_IF_ERROR(OpenCopies());
    RETURN_IF_ERROR(CheckListedAreThere(listed));
    RETURN_IF_ERROR(RemoveUnlisted(listed));
    RETURN_IF_ERROR(Copy());
    RETURN_IF_ERROR(Describe(before));
    RETURN_IF_ERROR(manifests_.Add(made_.manifest));
    made_.copied_bytes = env_.bytes();
    if (keep > 0) RETURN_IF_ERROR(RemoveOld(keep));
    return std::move(made_);
  }

 private:
  absl::Status OpenCopies() {
    rocksdb::BackupEngineOptions copy_options = CopyOptions(options_.directory, env_.env());
    copy_options.backup_rate_limit = options_.bytes_per_second;
    rocksdb::BackupEngine* raw = nullptr;
    const rocksdb::IOStatus status = rocksdb::BackupEngine::Open(copy_options, &base_env_, &raw);
    copies_.reset(raw);
    return status.ok() ? absl::OkStatus() : CopyFailure(status, "open the backups");
  }

  // BackupEngine would clear the remains of a backup away that it could not open whole; but what it
  // missed may have been a disk that did not answer for a moment.
  absl::Status CheckListedAreThere(const std::vector<ListedBackup>& listed) const {
    std::vector<rocksdb::BackupInfo> infos;
    copies_->GetBackupInfo(&infos);
    for (const ListedBackup& backup : listed) {
      const bool there = std::any_of(infos.begin(), infos.end(),
                                     [&](const auto& info) { return info.backup_id == backup.id; });
      if (there) continue;
      return absl::DataLossError(
          StrCat("files of backup ", backup.id,
                 " are missing or cut, or the disk did not give them. Nothing was changed. If "
                 "`caseledger backup verify` says so too, keep this directory and use another"));
    }
    return absl::OkStatus();
  }

  // What an interrupted run left: copies without a manifest, either the newest or such as were
  // being let go.
  absl::Status RemoveUnlisted(const std::vector<ListedBackup>& listed) {
    std::vector<rocksdb::BackupInfo> infos;
    copies_->GetBackupInfo(&infos);
    std::vector<rocksdb::BackupID> ids;
    copies_->GetCorruptedBackups(&ids);
    for (const rocksdb::BackupInfo& info : infos) ids.push_back(info.backup_id);
    const uint64_t oldest = listed.empty() ? UINT64_MAX : listed.front().id;
    const uint64_t newest = listed.empty() ? 0 : listed.back().id;
    const auto is_newer = [&](uint64_t id) { return id > newest; };
    if (std::count_if(ids.begin(), ids.end(), is_newer) > 1) {
      return absl::FailedPreconditionError(
          StrCat("manifests are missing: there are several newer copies than backup ", newest,
                 ". Put the folder `manifests` back, or use another directory"));
    }
    for (const rocksdb::BackupID id : ids) {
      if (!is_newer(id) && id >= oldest) continue;
      const rocksdb::IOStatus status = copies_->DeleteBackup(id);
      if (!status.ok()) return CopyFailure(status, "remove an interrupted backup");
    }
    return absl::OkStatus();
  }

  absl::Status Copy() {
    return store_.WithDatabase([&](rocksdb::DB& db) {
      estimate_ =
          EstimateNewBytes(db, base_env_, CopyOptions(options_.directory, nullptr).backup_dir);
      rocksdb::CreateBackupOptions create;
      // New events become a table file, which later backups share; else the whole write-ahead log
      // would be copied each time.
      create.flush_before_backup = true;
      create.decrease_background_thread_cpu_priority = true;
      create.background_thread_cpu_priority = rocksdb::CpuPriority::kLow;
      rocksdb::BackupID id = 0;
      const rocksdb::IOStatus status = copies_->CreateNewBackup(create, &db, &id);
      if (!status.ok()) return CopyFailure(status, "copy the store");
      made_.manifest.id = id;
      progress_({BackupProgress::Phase::kCopyingFiles, env_.bytes(), env_.bytes()});
      return absl::OkStatus();
    });
  }

  // Opens the copy as a restored store would be opened: the manifest says what is in it, not what
  // should be.
  absl::Status Describe(const std::vector<BackupLedger>& before) {
    ASSIGN_OR_RETURN(const auto reader, CopyReader::Open(options_.directory, base_env_, progress_));
    BackupManifest& manifest = made_.manifest;
    ASSIGN_OR_RETURN(BackupPart part, reader->Describe(manifest.id));
    manifest.parts = {std::move(part)};
    ASSIGN_OR_RETURN(const auto store, reader->OpenStore(manifest.id));
    ASSIGN_OR_RETURN(manifest.ledgers, LedgersOf(*store));
    BackupManifest at_least;
    at_least.ledgers = before;
    const absl::Status complete = CheckContinues(*store, manifest.ledgers, at_least);
    if (!complete.ok()) {
      return absl::DataLossError(
          StrCat("the copy lacks events that were there before it began, so it is none: ",
                 FromAbsl(complete.message())));
    }
    manifest.created_at = options_.clock->Now();
    return absl::OkStatus();
  }

  // Nothing is let go for a backup that was not read through.
  absl::Status RemoveOld(uint32_t keep) {
    ASSIGN_OR_RETURN(const std::vector<ListedBackup> listed, manifests_.List());
    std::vector<uint64_t> whole;
    for (const ListedBackup& backup : listed) {
      if (backup.manifest.ok()) whole.push_back(backup.id);
    }
    if (whole.size() <= keep) return absl::OkStatus();
    RETURN_IF_ERROR(CheckNew());
    whole.resize(whole.size() - keep);
    for (const uint64_t id : whole) {
      // The manifest first: what is listed is whole.
      RETURN_IF_ERROR(manifests_.Remove(id));
      const rocksdb::IOStatus status = copies_->DeleteBackup(static_cast<rocksdb::BackupID>(id));
      if (!status.ok()) return CopyFailure(status, "remove an old backup");
      made_.removed_ids.push_back(id);
    }
    return absl::OkStatus();
  }

  absl::Status CheckNew() {
    ASSIGN_OR_RETURN(const auto reader, CopyReader::Open(options_.directory, base_env_, progress_));
    const absl::Status whole = reader->Check(made_.manifest);
    if (whole.ok()) return absl::OkStatus();
    return absl::Status(whole.code(),
                        StrCat("backup ", made_.manifest.id,
                               " was made, but is not trusted; no older one was removed: ",
                               FromAbsl(whole.message())));
  }

  void OnBytes(uint64_t bytes) {
    const bool go_on =
        progress_({BackupProgress::Phase::kCopyingFiles, bytes, std::max(bytes, estimate_)});
    if (!go_on) copies_->StopBackup();
  }

  RocksDbStore& store_;
  const RocksDbBackupOptions& options_;
  const OnBackupProgress& progress_;
  rocksdb::Env& base_env_;
  MeteredEnv env_;
  const ManifestStore manifests_;
  uint64_t estimate_ = 0;
  std::unique_ptr<rocksdb::BackupEngine> copies_;
  MadeBackup made_;
};

class Maker final : public BackupMaker {
 public:
  Maker(RocksDbStore& store, const RocksDbBackupOptions& options)
      : store_(store), options_(options) {}

  absl::StatusOr<MadeBackup> Create(uint32_t keep, const OnBackupProgress& progress) override {
    RETURN_IF_ERROR(MakeDirectoryDurably(options_.directory));
    ASSIGN_OR_RETURN(const auto lock,
                     DirectoryLock::Take(options_.directory, DirectoryLock::Kind::kExclusive));
    return Run(store_, options_, progress).Go(keep);
  }

 private:
  RocksDbStore& store_;
  const RocksDbBackupOptions options_;
};

}  // namespace
}  // namespace rocksdb_engine

std::unique_ptr<BackupMaker> MakeRocksDbBackupMaker(RocksDbStore& store,
                                                    const RocksDbBackupOptions& options) {
  return std::make_unique<rocksdb_engine::Maker>(store, options);
}

}  // namespace caseledger::eventstore
