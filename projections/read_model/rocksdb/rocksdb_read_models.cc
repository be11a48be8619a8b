#include "projections/read_model/rocksdb/rocksdb_read_models.h"

#include <map>
#include <utility>

#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/rocksdb/purge.h"
#include "projections/read_model/rocksdb/rocksdb_status.h"
#include "projections/read_model/rocksdb/store_keys.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/utilities/write_batch_with_index.h"

namespace caseledger::projections {
namespace {

using Database = std::shared_ptr<rocksdb::DB>;

absl::StatusOr<std::optional<std::string>> Found(const rocksdb::Status& status, std::string value) {
  if (status.IsNotFound()) return std::optional<std::string>();
  RETURN_IF_ERROR(ToStatus(status));
  return std::optional<std::string>(std::move(value));
}

// One open table: what its handles share.
struct TableData {
  TableData(Database database, std::shared_ptr<Purger> of_store, std::string_view ledger,
            std::string_view table)
      : db(std::move(database)),
        purger(std::move(of_store)),
        ledger_name(ledger),
        table_name(table),
        keys(ledger, table) {}

  const Database db;
  const std::shared_ptr<Purger> purger;
  const std::string ledger_name;
  const std::string table_name;
  const TableKeys keys;
  Mutex mutex;  // over commits, snapshots and the drop
  uint64_t applied_events = 0;
  bool dropped = false;
};

// Gives the rows of `iterator` to `visit`, without the table's prefix.
absl::Status ScanRows(rocksdb::Iterator& iterator, const TableKeys& keys, std::string_view begin,
                      std::string_view end,
                      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) {
  const std::string last = end.empty() ? keys.end : StrCat(keys.rows, end);
  for (iterator.Seek(StrCat(keys.rows, begin)); iterator.Valid(); iterator.Next()) {
    const std::string_view key = FromSlice(iterator.key());
    if (key >= last) break;
    if (!visit(key.substr(keys.rows.size()), FromSlice(iterator.value()))) break;
  }
  return ToStatus(iterator.status());
}

class RocksDbSnapshot final : public ReadSnapshot {
 public:
  explicit RocksDbSnapshot(std::shared_ptr<TableData> data) : data_(std::move(data)) {
    MutexLock lock(&data_->mutex);
    number_ = data_->purger->snapshots().Add();
    options_.snapshot = data_->db->GetSnapshot();
    applied_events_ = data_->applied_events;
  }
  ~RocksDbSnapshot() override {
    data_->db->ReleaseSnapshot(options_.snapshot);
    data_->purger->snapshots().Remove(number_);
  }
  RocksDbSnapshot(const RocksDbSnapshot&) = delete;
  RocksDbSnapshot& operator=(const RocksDbSnapshot&) = delete;

  uint64_t applied_events() const override { return applied_events_; }
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = data_->db->Get(options_, StrCat(data_->keys.rows, key), &value);
    return Found(status, std::move(value));
  }
  absl::Status Scan(
      std::string_view begin, std::string_view end,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    rocksdb::ReadOptions bounded = options_;
    const rocksdb::Slice upper = ToSlice(data_->keys.end);
    bounded.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> iterator(data_->db->NewIterator(bounded));
    return ScanRows(*iterator, data_->keys, begin, end, visit);
  }

 private:
  std::shared_ptr<TableData> data_;
  uint64_t number_ = 0;
  rocksdb::ReadOptions options_;
  uint64_t applied_events_ = 0;
};

class RocksDbBatch final : public ReadModelBatch {
 public:
  explicit RocksDbBatch(std::shared_ptr<TableData> data) : data_(std::move(data)) {
    MutexLock lock(&data_->mutex);
    applied_events_ = data_->applied_events;
  }

  uint64_t applied_events() const override { return applied_events_; }
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = changes_.GetFromBatchAndDB(
        data_->db.get(), rocksdb::ReadOptions(), StrCat(data_->keys.rows, key), &value);
    return Found(status, std::move(value));
  }
  absl::Status Scan(
      std::string_view begin, std::string_view end,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    rocksdb::ReadOptions bounded;
    const rocksdb::Slice upper = ToSlice(data_->keys.end);
    bounded.iterate_upper_bound = &upper;
    // The merged iterator owns the one of the database.
    const std::unique_ptr<rocksdb::Iterator> iterator(changes_.NewIteratorWithBase(
        data_->db->DefaultColumnFamily(), data_->db->NewIterator(bounded), &bounded));
    return ScanRows(*iterator, data_->keys, begin, end, visit);
  }
  void Put(std::string_view key, std::string_view value) override {
    Note(changes_.Put(StrCat(data_->keys.rows, key), ToSlice(value)));
  }
  void Delete(std::string_view key) override {
    Note(changes_.Delete(StrCat(data_->keys.rows, key)));
  }
  void PurgeDeleted() override {
    purges_ = true;
    Note(changes_.Put(PurgeKey(data_->ledger_name, data_->table_name), ""));
  }

  absl::Status CommitTo(const TableData* data, uint64_t expected_applied, uint64_t new_applied) {
    if (data != data_.get()) return absl::InvalidArgumentError("a batch of another table");
    RETURN_IF_ERROR(Write(expected_applied, new_applied));
    if (!std::exchange(purges_, false)) {
      return data_->purger->Retry(data_->ledger_name, data_->table_name);
    }
    return data_->purger->Purge(data_->ledger_name, data_->table_name);
  }

 private:
  absl::Status Write(uint64_t expected_applied, uint64_t new_applied) {
    RETURN_IF_ERROR(first_error_);
    MutexLock lock(&data_->mutex);
    if (data_->dropped) return absl::FailedPreconditionError("the table was dropped");
    if (data_->applied_events != expected_applied) {
      return absl::FailedPreconditionError(
          StrCat("the table reflects ", data_->applied_events, " events, not ", expected_applied));
    }
    const std::string position = KeyBuilder().Number(new_applied).Take();
    RETURN_IF_ERROR(ToStatus(changes_.Put(data_->keys.position, position)));
    RETURN_IF_ERROR(ToStatus(data_->db->Write(rocksdb::WriteOptions(), changes_.GetWriteBatch())));
    data_->applied_events = applied_events_ = new_applied;
    changes_.Clear();
    return absl::OkStatus();
  }
  void Note(const rocksdb::Status& status) {
    if (first_error_.ok()) first_error_ = ToStatus(status);
  }

  std::shared_ptr<TableData> data_;
  // Its own reading functions are not const.
  mutable rocksdb::WriteBatchWithIndex changes_{rocksdb::BytewiseComparator(), 0,
                                                /*overwrite_key=*/true};
  uint64_t applied_events_ = 0;
  bool purges_ = false;
  absl::Status first_error_;
};

class RocksDbTable final : public ReadModelTable {
 public:
  explicit RocksDbTable(std::shared_ptr<TableData> data) : data_(std::move(data)) {}

  std::unique_ptr<ReadSnapshot> Snapshot() const override {
    return std::make_unique<RocksDbSnapshot>(data_);
  }
  std::unique_ptr<ReadModelBatch> NewBatch() override {
    return std::make_unique<RocksDbBatch>(data_);
  }
  absl::Status Commit(ReadModelBatch& batch, uint64_t expected_applied,
                      uint64_t new_applied) override {
    auto* own = dynamic_cast<RocksDbBatch*>(&batch);
    if (own == nullptr) return absl::InvalidArgumentError("a batch of another store");
    return own->CommitTo(data_.get(), expected_applied, new_applied);
  }

 private:
  std::shared_ptr<TableData> data_;
};

class RocksDbReadModels final : public ReadModelStore {
 public:
  RocksDbReadModels(Database db, std::shared_ptr<Purger> purger)
      : db_(std::move(db)), purger_(std::move(purger)) {}

  absl::StatusOr<std::unique_ptr<ReadModelTable>> OpenTable(std::string_view ledger,
                                                            std::string_view table) override {
    RETURN_IF_ERROR(CheckNames(ledger, table));
    MutexLock lock(&mutex_);
    RETURN_IF_ERROR(CheckOpen());
    const auto name = std::make_pair(std::string(ledger), std::string(table));
    if (const auto it = tables_.find(name); it != tables_.end()) {
      return std::make_unique<RocksDbTable>(it->second);
    }
    auto data = std::make_shared<TableData>(db_, purger_, ledger, table);
    RETURN_IF_ERROR(LoadPosition(*data));
    tables_.emplace(name, data);
    return std::make_unique<RocksDbTable>(std::move(data));
  }

  absl::StatusOr<std::vector<std::string>> ListTables(std::string_view ledger) const override {
    MutexLock lock(&mutex_);
    RETURN_IF_ERROR(CheckOpen());
    const std::string prefix = LedgerPrefix(ledger);
    std::vector<std::string> names;
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(rocksdb::ReadOptions()));
    iterator->Seek(prefix);
    while (iterator->Valid() && FromSlice(iterator->key()).starts_with(prefix)) {
      const std::optional<std::string> name =
          TableOfPositionKey(prefix, FromSlice(iterator->key()));
      if (!name.has_value()) return absl::DataLossError("read models: rows without a position");
      names.push_back(*name);
      iterator->Seek(TableKeys(ledger, *name).end);
    }
    RETURN_IF_ERROR(ToStatus(iterator->status()));
    return names;
  }

  absl::Status DropTable(std::string_view ledger, std::string_view table) override {
    RETURN_IF_ERROR(CheckNames(ledger, table));
    MutexLock lock(&mutex_);
    RETURN_IF_ERROR(CheckOpen());
    const auto it = tables_.find({std::string(ledger), std::string(table)});
    if (it != tables_.end()) {
      const std::shared_ptr<TableData> data = it->second;
      MutexLock table_lock(&data->mutex);
      data->dropped = true;
      tables_.erase(it);
    }
    const TableKeys keys(ledger, table);
    return ToStatus(db_->DeleteRange(rocksdb::WriteOptions(), db_->DefaultColumnFamily(),
                                     keys.position, keys.end));
  }

  // Snapshots and batches keep the files open until they go.
  absl::Status Close() override {
    MutexLock lock(&mutex_);
    tables_.clear();
    purger_.reset();
    db_.reset();
    return absl::OkStatus();
  }

 private:
  absl::Status CheckOpen() const {
    if (db_ != nullptr) return absl::OkStatus();
    return absl::UnavailableError("the read models are closed");
  }

  // A new table gets its position row at once, so that it is listed.
  absl::Status LoadPosition(TableData& data) {
    std::string stored;
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), data.keys.position, &stored);
    if (status.IsNotFound()) {
      return ToStatus(
          db_->Put(rocksdb::WriteOptions(), data.keys.position, KeyBuilder().Number(0).Take()));
    }
    RETURN_IF_ERROR(ToStatus(status));
    KeyReader reader(stored);
    data.applied_events = reader.Number();
    if (!reader.Finished()) return absl::DataLossError("read models: a position row is damaged");
    return absl::OkStatus();
  }

  mutable Mutex mutex_;
  Database db_;
  std::shared_ptr<Purger> purger_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<TableData>> tables_;
};

absl::Status CheckFormat(rocksdb::DB& db) {
  std::string format;
  const rocksdb::Status status = db.Get(rocksdb::ReadOptions(), ToSlice(kFormatKey), &format);
  if (status.IsNotFound()) {
    return ToStatus(db.Put(rocksdb::WriteOptions(), ToSlice(kFormatKey), ToSlice(kFormat)));
  }
  RETURN_IF_ERROR(ToStatus(status));
  if (format == kFormat) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat("the read models have format ", format,
                                              ", this program knows ", kFormat,
                                              " (safe to delete: they are rebuilt from the log)"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReadModelStore>> OpenRocksDbReadModels(
    const RocksDbReadModelOptions& options) {
  rocksdb::Options db_options;
  db_options.create_if_missing = true;
  // Keys of rows must not outlive the rows: the MANIFEST names those at files' ends, so each change
  // begins a new one, and the info log those at the ends of compactions.
  db_options.max_manifest_file_size = 1;
  db_options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  if (options.env != nullptr) db_options.env = options.env;
  rocksdb::DB* opened = nullptr;
  RETURN_IF_ERROR(ToStatus(rocksdb::DB::Open(db_options, options.path, &opened)));
  Database db(opened);
  RETURN_IF_ERROR(CheckFormat(*db));
  auto purger = std::make_shared<Purger>(db, options.purge_wait);
  RETURN_IF_ERROR(purger->PurgeAllDue());
  return std::make_unique<RocksDbReadModels>(std::move(db), std::move(purger));
}

}  // namespace caseledger::projections
