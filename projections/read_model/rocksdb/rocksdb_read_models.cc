#include "projections/read_model/rocksdb/rocksdb_read_models.h"

#include <map>
#include <utility>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/overlay.h"
#include "projections/read_model/rocksdb/purge.h"
#include "projections/read_model/rocksdb/rocksdb_status.h"
#include "projections/read_model/rocksdb/store_keys.h"
#include "projections/read_model/rocksdb/tuning.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/write_batch.h"

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
  ~RocksDbBatch() override { CloseIterators(); }
  RocksDbBatch(const RocksDbBatch&) = delete;
  RocksDbBatch& operator=(const RocksDbBatch&) = delete;

  uint64_t applied_events() const override { return applied_events_; }
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    if (const auto* changed = changes_.Find(key); changed != nullptr) return *changed;
    std::string value;
    const rocksdb::Status status =
        data_->db->Get(rocksdb::ReadOptions(), StrCat(data_->keys.rows, key), &value);
    return Found(status, std::move(value));
  }
  absl::Status Scan(
      std::string_view begin, std::string_view end,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    std::unique_ptr<rocksdb::Iterator> rows = TakeIterator();
    const auto base = [&](Overlay::Visit visit_base) {
      return ScanRows(*rows, data_->keys, begin, end, visit_base);
    };
    absl::Status status = changes_.Scan(begin, end, base, visit);
    idle_.push_back(std::move(rows));
    return status;
  }
  void Put(std::string_view key, std::string_view value) override { changes_.Put(key, value); }
  void Delete(std::string_view key) override { changes_.Delete(key); }
  size_t changed_bytes() const override { return changes_.bytes(); }
  void PurgeDeleted() override { purges_ = true; }

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
    ASSIGN_OR_RETURN(rocksdb::WriteBatch writes, AllWrites(new_applied));
    MutexLock lock(&data_->mutex);
    if (data_->dropped) return absl::FailedPreconditionError("the table was dropped");
    if (data_->applied_events != expected_applied) {
      return absl::FailedPreconditionError(
          StrCat("the table reflects ", data_->applied_events, " events, not ", expected_applied));
    }
    RETURN_IF_ERROR(ToStatus(data_->db->Write(rocksdb::WriteOptions(), &writes)));
    data_->applied_events = applied_events_ = new_applied;
    changes_.Clear();
    CloseIterators();
    return absl::OkStatus();
  }
  // Over the rows beneath. Used again and again, for projections look at many small ranges, one
  // inside another too, and nothing but this batch changes the rows before it is committed.
  std::unique_ptr<rocksdb::Iterator> TakeIterator() const {
    if (!idle_.empty()) {
      std::unique_ptr<rocksdb::Iterator> taken = std::move(idle_.back());
      idle_.pop_back();
      return taken;
    }
    // What an iterator can see stays in the files, as with a snapshot.
    if (!open_number_.has_value()) open_number_ = data_->purger->snapshots().Add();
    rocksdb::ReadOptions bounded;
    bounded.iterate_upper_bound = &end_;
    return std::unique_ptr<rocksdb::Iterator>(data_->db->NewIterator(bounded));
  }
  void CloseIterators() {
    idle_.clear();
    if (open_number_.has_value()) data_->purger->snapshots().Remove(*open_number_);
    open_number_.reset();
  }
  // The changes with the position and what is to be purged.
  absl::StatusOr<rocksdb::WriteBatch> AllWrites(uint64_t new_applied) const {
    rocksdb::WriteBatch writes;
    RETURN_IF_ERROR(
        ToStatus(writes.Put(data_->keys.position, KeyBuilder().Number(new_applied).Take())));
    if (purges_) {
      RETURN_IF_ERROR(ToStatus(writes.Put(PurgeKey(data_->ledger_name, data_->table_name), "")));
    }
    std::string key = data_->keys.rows;
    for (const auto& [row, value] : changes_.changes()) {
      key.resize(data_->keys.rows.size());
      key.append(row);
      RETURN_IF_ERROR(ToStatus(value.has_value() ? writes.Put(key, *value) : writes.Delete(key)));
    }
    return writes;
  }

  std::shared_ptr<TableData> data_;
  const rocksdb::Slice end_ = ToSlice(data_->keys.end);
  Overlay changes_;
  mutable std::vector<std::unique_ptr<rocksdb::Iterator>> idle_;
  mutable std::optional<uint64_t> open_number_;  // of the iterators, while there are some
  uint64_t applied_events_ = 0;
  bool purges_ = false;
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
  rocksdb::Options db_options = ReadModelStoreOptions(options.block_cache_bytes);
  if (options.env != nullptr) db_options.env = options.env;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(db_options, options.path, &opened);
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    return absl::FailedPreconditionError(
        StrCat("another program has the read models in ", options.path,
               " open: stop it, or give this server a data directory of its own"));
  }
  RETURN_IF_ERROR(ToStatus(status));
  Database db(opened);
  RETURN_IF_ERROR(CheckFormat(*db));
  auto purger = std::make_shared<Purger>(db, options.purge_wait);
  RETURN_IF_ERROR(purger->PurgeAllDue());
  return std::make_unique<RocksDbReadModels>(std::move(db), std::move(purger));
}

}  // namespace caseledger::projections
