#include "projections/read_model/memory/memory_read_models.h"

#include <map>
#include <utility>

#include "eventstore/base/mutex.h"
#include "eventstore/base/strings.h"
#include "projections/read_model/overlay.h"

namespace caseledger::projections {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;

// A table's rows and position. Snapshots share the rows; a commit copies them only when shared.
class TableData {
 public:
  struct View {
    std::shared_ptr<const Rows> rows;
    uint64_t applied_events = 0;
  };

  View Take() {
    MutexLock lock(&mutex_);
    return {rows_, applied_events_};
  }
  // Under the lock, so that Commit can trust the use count.
  void Return(View& view) {
    MutexLock lock(&mutex_);
    view.rows.reset();
  }
  absl::Status Commit(const Overlay::Changes& changes, uint64_t expected_applied,
                      uint64_t new_applied) {
    MutexLock lock(&mutex_);
    if (dropped_) return absl::FailedPreconditionError("the table was dropped");
    if (applied_events_ != expected_applied) {
      return absl::FailedPreconditionError(
          StrCat("the table reflects ", applied_events_, " events, not ", expected_applied));
    }
    if (rows_.use_count() > 1) rows_ = std::make_shared<Rows>(*rows_);
    for (const auto& [key, value] : changes) {
      if (value.has_value()) {
        rows_->insert_or_assign(key, *value);
      } else {
        rows_->erase(key);
      }
    }
    applied_events_ = new_applied;
    return absl::OkStatus();
  }
  void Drop() {
    MutexLock lock(&mutex_);
    dropped_ = true;
  }

 private:
  Mutex mutex_;
  std::shared_ptr<Rows> rows_ = std::make_shared<Rows>();
  uint64_t applied_events_ = 0;
  bool dropped_ = false;
};

class MemorySnapshot final : public ReadSnapshot {
 public:
  explicit MemorySnapshot(std::shared_ptr<TableData> data)
      : data_(std::move(data)), view_(data_->Take()) {}
  ~MemorySnapshot() override { data_->Return(view_); }

  uint64_t applied_events() const override { return view_.applied_events; }
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    const auto it = view_.rows->find(key);
    if (it == view_.rows->end()) return std::optional<std::string>();
    return std::optional<std::string>(it->second);
  }
  absl::Status Scan(
      std::string_view begin, std::string_view end,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    for (auto it = view_.rows->lower_bound(begin); it != view_.rows->end(); ++it) {
      if (!end.empty() && it->first >= end) break;
      if (!visit(it->first, it->second)) break;
    }
    return absl::OkStatus();
  }

 private:
  std::shared_ptr<TableData> data_;
  TableData::View view_;
};

// Changes laid over the committed rows.
class MemoryBatch final : public ReadModelBatch {
 public:
  explicit MemoryBatch(std::shared_ptr<TableData> data)
      : data_(std::move(data)), base_(std::make_unique<MemorySnapshot>(data_)) {}

  uint64_t applied_events() const override { return base_->applied_events(); }
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    if (const auto* changed = changes_.Find(key); changed != nullptr) return *changed;
    return base_->Get(key);
  }
  absl::Status Scan(
      std::string_view begin, std::string_view end,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    const auto base = [&](Overlay::Visit visit_base) {
      return base_->Scan(begin, end, visit_base);
    };
    return changes_.Scan(begin, end, base, visit);
  }
  void Put(std::string_view key, std::string_view value) override { changes_.Put(key, value); }
  void Delete(std::string_view key) override { changes_.Delete(key); }
  size_t changed_bytes() const override { return changes_.bytes(); }
  void PurgeDeleted() override {}  // there are no files

  absl::Status CommitTo(const TableData* data, uint64_t expected_applied, uint64_t new_applied) {
    if (data != data_.get()) return absl::InvalidArgumentError("a batch of another table");
    // Lets go of the base, so that the commit need not copy it.
    base_.reset();
    absl::Status status = data_->Commit(changes_.changes(), expected_applied, new_applied);
    base_ = std::make_unique<MemorySnapshot>(data_);
    if (status.ok()) changes_.Clear();
    return status;
  }

 private:
  std::shared_ptr<TableData> data_;
  std::unique_ptr<MemorySnapshot> base_;
  Overlay changes_;
};

class MemoryTable final : public ReadModelTable {
 public:
  explicit MemoryTable(std::shared_ptr<TableData> data) : data_(std::move(data)) {}

  std::unique_ptr<ReadSnapshot> Snapshot() const override {
    return std::make_unique<MemorySnapshot>(data_);
  }
  std::unique_ptr<ReadModelBatch> NewBatch() override {
    return std::make_unique<MemoryBatch>(data_);
  }
  absl::Status Commit(ReadModelBatch& batch, uint64_t expected_applied,
                      uint64_t new_applied) override {
    auto* own = dynamic_cast<MemoryBatch*>(&batch);
    if (own == nullptr) return absl::InvalidArgumentError("a batch of another store");
    return own->CommitTo(data_.get(), expected_applied, new_applied);
  }

 private:
  std::shared_ptr<TableData> data_;
};

class MemoryReadModels final : public ReadModelStore {
 public:
  absl::StatusOr<std::unique_ptr<ReadModelTable>> OpenTable(std::string_view ledger,
                                                            std::string_view table) override {
    MutexLock lock(&mutex_);
    if (closed_) return absl::UnavailableError("the read models are closed");
    std::shared_ptr<TableData>& data = tables_[{std::string(ledger), std::string(table)}];
    if (data == nullptr) data = std::make_shared<TableData>();
    return std::make_unique<MemoryTable>(data);
  }
  absl::StatusOr<std::vector<std::string>> ListTables(std::string_view ledger) const override {
    MutexLock lock(&mutex_);
    std::vector<std::string> names;
    for (const auto& [key, data] : tables_) {
      if (key.first == ledger) names.push_back(key.second);
    }
    return names;
  }
  absl::Status DropTable(std::string_view ledger, std::string_view table) override {
    MutexLock lock(&mutex_);
    const auto it = tables_.find({std::string(ledger), std::string(table)});
    if (it == tables_.end()) return absl::OkStatus();
    it->second->Drop();
    tables_.erase(it);
    return absl::OkStatus();
  }
  absl::Status Close() override {
    MutexLock lock(&mutex_);
    closed_ = true;
    return absl::OkStatus();
  }

 private:
  mutable Mutex mutex_;
  bool closed_ = false;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<TableData>> tables_;
};

}  // namespace

std::unique_ptr<ReadModelStore> NewMemoryReadModels() {
  return std::make_unique<MemoryReadModels>();
}

}  // namespace caseledger::projections
