#include "eventstore/vault/rocksdb/rocksdb_vault_store.h"

#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "rocksdb/db.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/options.h"
#include "rocksdb/table.h"
#include "rocksdb/write_batch.h"

namespace caseledger::eventstore {
namespace {

constexpr size_t kWriteBufferBytes = 8u << 20;
constexpr double kFilterBitsPerKey = 10;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view FromSlice(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// RocksDB's texts name files, never rows.
absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = StrCat("the vault's storage: ", status.ToString());
  if (status.IsCorruption()) {
    return absl::DataLossError(StrCat(text, "; put the vault's newest backup back"));
  }
  return absl::UnavailableError(text);
}

rocksdb::Options StoreOptions(const RocksDbVaultOptions& from) {
  rocksdb::Options options;
  options.create_if_missing = from.create_if_missing;
  if (from.env != nullptr) options.env = from.env;
  // As the log's own: eventstore/engine/rocksdb/README.md says why.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.recycle_log_file_num = 0;
  options.allow_fallocate = false;
  options.max_bgerror_resume_count = 0;
  options.paranoid_checks = true;
  options.paranoid_file_checks = true;
  options.track_and_verify_wals_in_manifest = true;
  options.write_buffer_size = kWriteBufferBytes;
  options.memtable_whole_key_filtering = true;  // most records looked for have no key yet
  options.memtable_prefix_bloom_size_ratio = 0.05;
  options.max_background_jobs = 1;
  options.keep_log_file_num = 4;
  options.compression = rocksdb::kNoCompression;  // keys are random
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

class RocksDbVaultStore final : public VaultStore {
 public:
  explicit RocksDbVaultStore(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), ToSlice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    RETURN_IF_ERROR(ToStatus(status));
    return std::optional<std::string>(std::move(value));
  }

  absl::Status Visit(
      std::string_view prefix,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(rocksdb::ReadOptions()));
    for (rows->Seek(ToSlice(prefix)); rows->Valid(); rows->Next()) {
      const std::string_view key = FromSlice(rows->key());
      if (!key.starts_with(prefix) || !visit(key, FromSlice(rows->value()))) break;
    }
    return ToStatus(rows->status());
  }

  absl::Status Write(const VaultChanges& changes, bool durable) override {
    if (failed_) return absl::UnavailableError("the vault's storage failed; start the server anew");
    rocksdb::WriteBatch batch;
    for (const auto& [key, value] : changes) {
      RETURN_IF_ERROR(ToStatus(value.has_value() ? batch.Put(ToSlice(key), ToSlice(*value))
                                                 : batch.Delete(ToSlice(key))));
    }
    rocksdb::WriteOptions options;
    options.sync = durable;
    absl::Status status = ToStatus(db_->Write(options, &batch));
    // A failed sync is never tried again: what it dropped is gone.
    if (!status.ok()) failed_ = true;
    return status;
  }

  absl::Status Purge() override {
    rocksdb::FlushOptions flush;
    flush.wait = true;
    RETURN_IF_ERROR(ToStatus(db_->Flush(flush)));
    rocksdb::CompactRangeOptions compact;
    compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    return ToStatus(db_->CompactRange(compact, nullptr, nullptr));
  }

 private:
  const std::unique_ptr<rocksdb::DB> db_;
  std::atomic<bool> failed_ = false;
};

absl::Status OpenFailure(const rocksdb::Status& status, const std::string& path) {
  if (status.IsInvalidArgument()) {
    return absl::NotFoundError(StrCat("there is no vault in ", path));
  }
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    return absl::FailedPreconditionError(
        StrCat("another program has the vault in ", path, " open; stop it first"));
  }
  return ToStatus(status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<VaultStore>> OpenRocksDbVaultStore(
    const RocksDbVaultOptions& options) {
  if (options.create_if_missing && options.env == nullptr) {
    std::error_code error;
    std::filesystem::create_directories(options.path, error);
    if (!error) {
      std::filesystem::permissions(options.path, std::filesystem::perms::owner_all, error);
    }
    if (error) {
      return absl::UnavailableError(
          StrCat("cannot make the vault's directory ", options.path, ": ", error.message()));
    }
  }
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(StoreOptions(options), options.path, &opened);
  if (!status.ok()) return OpenFailure(status, options.path);
  return std::make_unique<RocksDbVaultStore>(std::unique_ptr<rocksdb::DB>(opened));
}

}  // namespace caseledger::eventstore
