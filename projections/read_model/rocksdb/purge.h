// Takes out of the store's files what rows were before they were deleted or overwritten.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "eventstore/base/mutex.h"

namespace rocksdb {
class DB;
}  // namespace rocksdb

namespace caseledger::projections {

// Snapshots of the database that are open: what they can see stays in the files. Thread-safe.
class OpenSnapshots {
 public:
  // Its number.
  uint64_t Add();
  void Remove(uint64_t number);
  // Waits until those that are open now are closed; false when they are not within `timeout`.
  bool AwaitOlder(std::chrono::microseconds timeout);

 private:
  // Whoever waits, and for what.
  struct Older {
    bool Gone() const;
    const std::set<uint64_t>& open;
    uint64_t end;
  };

  Mutex mutex_;
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<uint64_t> open_ ABSL_GUARDED_BY(mutex_);
};

// A table that is to be purged has a row that says so (store_keys.h), written with what was
// deleted: a purge that a crash or an open snapshot prevented is made good. Thread-safe.
class Purger {
 public:
  // Waits for snapshots at most `wait`.
  Purger(std::shared_ptr<rocksdb::DB> db, std::chrono::microseconds wait)
      : db_(std::move(db)), wait_(wait) {}

  OpenSnapshots& snapshots() { return snapshots_; }

  // Purges the table's ledger, waiting for older snapshots; what they prevent is done by Retry.
  absl::Status Purge(std::string_view ledger, std::string_view table);
  // Purges the table's ledger if that could not be done when asked for, and can be now.
  absl::Status Retry(std::string_view ledger, std::string_view table);
  // All that is due. Before any table is opened.
  absl::Status PurgeAllDue();

 private:
  using TableName = std::pair<std::string, std::string>;

  // All tables of the ledger, dropped ones too.
  absl::Status PurgeNow(const TableName& name);

  const std::shared_ptr<rocksdb::DB> db_;
  const std::chrono::microseconds wait_;
  OpenSnapshots snapshots_;
  Mutex mutex_;
  std::set<TableName> prevented_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::projections
