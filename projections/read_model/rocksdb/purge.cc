#include "projections/read_model/rocksdb/purge.h"

#include <memory>
#include <optional>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/rocksdb/rocksdb_status.h"
#include "projections/read_model/rocksdb/store_keys.h"
#include "rocksdb/db.h"

namespace caseledger::projections {

uint64_t OpenSnapshots::Add() {
  MutexLock lock(&mutex_);
  open_.insert(next_);
  return next_++;
}

void OpenSnapshots::Remove(uint64_t number) {
  MutexLock lock(&mutex_);
  open_.erase(number);
}

bool OpenSnapshots::Older::Gone() const { return open.empty() || *open.begin() >= end; }

bool OpenSnapshots::AwaitOlder(std::chrono::microseconds timeout) {
  MutexLock lock(&mutex_);
  const Older older{open_, next_};
  mutex_.AwaitFor(&older, &Older::Gone, timeout);
  return older.Gone();
}

absl::Status Purger::Purge(std::string_view ledger, std::string_view table) {
  const TableName name(ledger, table);
  if (snapshots_.AwaitOlder(wait_)) return PurgeNow(name);
  MutexLock lock(&mutex_);
  prevented_.insert(name);
  return absl::OkStatus();
}

absl::Status Purger::Retry(std::string_view ledger, std::string_view table) {
  const TableName name(ledger, table);
  {
    MutexLock lock(&mutex_);
    if (!prevented_.contains(name)) return absl::OkStatus();
  }
  if (!snapshots_.AwaitOlder(std::chrono::seconds(0))) return absl::OkStatus();
  RETURN_IF_ERROR(PurgeNow(name));
  MutexLock lock(&mutex_);
  prevented_.erase(name);
  return absl::OkStatus();
}

absl::Status Purger::PurgeAllDue() {
  std::vector<TableName> due;
  const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(rocksdb::ReadOptions()));
  for (iterator->Seek(ToSlice(kPurgePrefix)); iterator->Valid(); iterator->Next()) {
    const std::optional<TableName> name = TableOfPurgeKey(FromSlice(iterator->key()));
    if (!name.has_value()) break;
    due.push_back(*name);
  }
  RETURN_IF_ERROR(ToStatus(iterator->status()));
  for (const TableName& name : due) RETURN_IF_ERROR(PurgeNow(name));
  return absl::OkStatus();
}

absl::Status Purger::PurgeNow(const TableName& name) {
  // Also what is only in memory or in the write-ahead log is in files then; the latter is dropped.
  RETURN_IF_ERROR(ToStatus(db_->Flush(rocksdb::FlushOptions())));
  const std::string begin = LedgerPrefix(name.first);
  const std::string end = EndOfPrefix(begin);
  const rocksdb::Slice first(begin);
  const rocksdb::Slice last(end);
  rocksdb::CompactRangeOptions compact;
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  RETURN_IF_ERROR(ToStatus(db_->CompactRange(compact, &first, end.empty() ? nullptr : &last)));
  RETURN_IF_ERROR(
      ToStatus(db_->Delete(rocksdb::WriteOptions(), PurgeKey(name.first, name.second))));
  // The MANIFEST names the first and last key of files that were; one more change begins a new one
  // without them.
  return ToStatus(db_->Flush(rocksdb::FlushOptions()));
}

}  // namespace caseledger::projections
