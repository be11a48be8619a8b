#include "eventstore/engine/rocksdb/backup/read_only_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <map>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/ledger_rules.h"
#include "eventstore/engine/rocksdb/directory.h"
#include "eventstore/engine/rocksdb/key_codec.h"
#include "eventstore/engine/rocksdb/ledger_catalogue.h"
#include "eventstore/engine/rocksdb/ledger_reader.h"
#include "eventstore/engine/rocksdb/log_check.h"
#include "eventstore/engine/rocksdb/storage_status.h"
#include "eventstore/engine/rocksdb/tuning.h"
#include "eventstore/engine/rocksdb/write_failure.h"
#include "rocksdb/db.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

constexpr size_t kBlockCacheBytes = 32u << 20;

absl::Status ReadOnly() {
  return absl::FailedPreconditionError("this store is open for reading only");
}

// RocksDB would write a file of its own into the directory.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

// A lock that keeps servers out and lets other readers in; RocksDB locks the same file for writing.
class ReaderLock {
 public:
  // Null: there is no such file, so no server either.
  static absl::StatusOr<std::unique_ptr<ReaderLock>> Take(const std::string& path) {
    const std::string file_path = path + "/LOCK";
    const int file = open(file_path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) return nullptr;
    if (file < 0) return Unreadable(file_path, errno);
    std::unique_ptr<ReaderLock> lock(new ReaderLock(file));
    struct flock range = {};
    range.l_type = F_RDLCK;
    range.l_whence = SEEK_SET;
    if (fcntl(file, F_SETLK, &range) == 0) return lock;
    if (errno != EACCES && errno != EAGAIN) return Unreadable(file_path, errno);
    return absl::FailedPreconditionError(
        StrCat("a server has the event store in ", path,
               " open and changes it meanwhile. Stop the server, or check a backup or a copy made "
               "while it was stopped; never delete the LOCK file"));
  }
  ~ReaderLock() { close(file_); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  explicit ReaderLock(int file) : file_(file) {}
  static absl::Status Unreadable(const std::string& path, int error) {
    return absl::UnavailableError(
        StrCat("cannot lock ", path, ": ", std::system_category().message(error)));
  }
  const int file_;
};

class OpenStore final : public ReadOnlyStore {
 public:
  explicit OpenStore(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}

  void Hold(std::unique_ptr<ReaderLock> lock) { lock_ = std::move(lock); }

  absl::Status LoadLedgers() {
    ASSIGN_OR_RETURN(infos_, ReadLedgerInfos(*db_));
    for (const storage::v1::LedgerInfo& info : infos_) {
      RETURN_IF_ERROR(CheckUnderstood(info));
      readers_.emplace(info.ledger(), LedgerReader(*db_, info.ledger()));
    }
    return absl::OkStatus();
  }

  absl::Status CheckBlocks() const override {
    const rocksdb::Status status = db_->VerifyChecksum(ScanRead());
    return status.ok() ? absl::OkStatus() : ReadFailure(status, "table files");
  }

  // Looks only at the first entry behind each range of entries that is known.
  absl::Status CheckNoStrangers() const override {
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(ScanRead()));
    for (at->SeekToFirst(); at->Valid();) {
      const std::optional<KeyParts> key = DecodeKey({at->key().data(), at->key().size()});
      if (!key || !readers_.contains(key->ledger)) {
        return absl::DataLossError(
            "there is an entry in the event store that is of none of its ledgers: it was slipped "
            "in, or the catalogue entry of a ledger was removed");
      }
      const size_t prefix_bytes = 2 + key->ledger.size();
      std::string behind(at->key().data(), prefix_bytes);
      while (static_cast<uint8_t>(behind.back()) == 0xFF) behind.pop_back();
      behind.back() = static_cast<char>(static_cast<uint8_t>(behind.back()) + 1);
      at->Seek(behind);
    }
    return at->status().ok() ? absl::OkStatus() : ReadFailure(at->status(), "entries");
  }

  absl::StatusOr<std::vector<storage::v1::LedgerInfo>> ListLedgers() const override {
    return infos_;
  }
  absl::Status CreateLedger(const storage::v1::LedgerInfo& /*info*/) override { return ReadOnly(); }
  absl::Status AddMarks(std::string_view /*ledger*/,
                        std::span<const std::pair<std::string, std::string>> /*marks*/) override {
    return ReadOnly();
  }
  absl::Status ReplaceInfo(const storage::v1::LedgerInfo& /*info*/) override { return ReadOnly(); }
  absl::StatusOr<LedgerHead> LoadHead(std::string_view ledger) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->LoadHead();
  }
  absl::Status Commit(std::string_view /*ledger*/, Resolve /*resolve*/) override {
    return ReadOnly();
  }
  absl::Status Read(std::string_view ledger, uint64_t from, uint64_t end,
                    Visit visit) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->Read(from, end, visit);
  }
  absl::StatusOr<StreamHead> FindStream(std::string_view ledger,
                                        const StreamId& stream) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->FindStream(stream);
  }
  absl::Status ReadStream(std::string_view ledger, const StreamId& stream, uint64_t from_revision,
                          Visit visit) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->ReadStream(stream, from_revision, visit);
  }
  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view ledger,
                                                      std::string_view key) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->FindMark(key);
  }
  absl::StatusOr<std::optional<std::string>> FindTile(std::string_view ledger, unsigned level,
                                                      uint64_t index) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->FindTile(level, index);
  }
  absl::Status VisitIndex(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId&, uint64_t, uint64_t)> visit) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->VisitIndex(visit);
  }
  absl::Status VisitStreamHeads(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->VisitStreamHeads(visit);
  }
  absl::Status VisitMarks(
      std::string_view ledger, std::string_view prefix,
      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->VisitMarks(prefix, visit);
  }
  absl::Status VisitTiles(
      std::string_view ledger,
      absl::FunctionRef<bool(unsigned, uint64_t, std::string_view)> visit) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->VisitTiles(visit);
  }
  absl::StatusOr<std::optional<std::string>> FindSigningState(
      std::string_view ledger) const override {
    ASSIGN_OR_RETURN(const LedgerReader* reader, Find(ledger));
    return reader->FindSigningState();
  }
  absl::Status ReplaceSigningState(std::string_view /*ledger*/,
                                   std::string_view /*state*/) override {
    return ReadOnly();
  }
  absl::Status Close() override { return absl::OkStatus(); }

 private:
  absl::StatusOr<const LedgerReader*> Find(std::string_view ledger) const {
    const auto found = readers_.find(ledger);
    if (found == readers_.end()) return absl::NotFoundError(StrCat("no ledger ", ledger));
    return &found->second;
  }

  std::unique_ptr<ReaderLock> lock_;  // until the database is closed
  const std::unique_ptr<rocksdb::DB> db_;
  std::vector<storage::v1::LedgerInfo> infos_;
  std::map<std::string, LedgerReader, std::less<>> readers_;
};

absl::StatusOr<std::unique_ptr<OpenStore>> Open(rocksdb::Env& env, const std::string& path) {
  RocksDbOptions options;
  options.path = path;
  options.env = &env;
  options.create_if_missing = false;
  options.block_cache_bytes = kBlockCacheBytes;
  rocksdb::Options database = DatabaseOptions(options, std::make_shared<WriteFailure>());
  database.info_log = std::make_shared<NoLog>();
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(database, path, &raw);
  std::unique_ptr<rocksdb::DB> db(raw);
  if (!status.ok()) return OpenFailure(status, path);
  auto store = std::make_unique<OpenStore>(std::move(db));
  RETURN_IF_ERROR(store->LoadLedgers());
  return store;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReadOnlyStore>> OpenReadOnly(rocksdb::Env& env,
                                                            const std::string& path) {
  return Open(env, path);
}

absl::StatusOr<std::unique_ptr<ReadOnlyStore>> OpenStoppedStore(const std::string& path) {
  rocksdb::Env& env = *rocksdb::Env::Default();
  ASSIGN_OR_RETURN(std::unique_ptr<ReaderLock> lock, ReaderLock::Take(path));
  RETURN_IF_ERROR(CheckNotRemains(env, path));
  if (env.FileExists(path + "/CURRENT").IsNotFound()) {
    return absl::NotFoundError(StrCat("there is no event store in ", path, ". Check the path"));
  }
  RETURN_IF_ERROR(CheckLogs(env, path));
  ASSIGN_OR_RETURN(std::unique_ptr<OpenStore> store, Open(env, path));
  store->Hold(std::move(lock));
  return store;
}

}  // namespace caseledger::eventstore::rocksdb_engine
