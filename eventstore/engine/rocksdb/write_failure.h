// Remembers that storage failed, for good: nothing is written any more until the engine is
// reopened.
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "rocksdb/listener.h"

namespace caseledger::eventstore::rocksdb_engine {

// RocksDB tells it of failed background work (flush, compaction) too; it also forbids RocksDB to
// recover on its own, because that would repeat a failed sync. Thread-safe.
class WriteFailure final : public rocksdb::EventListener {
 public:
  // The first report stays.
  void Report(const std::string& reason) {
    MutexLock lock(&mutex_);
    if (reason_.empty()) reason_ = reason.empty() ? "unknown" : reason;
  }

  // OK, or UNAVAILABLE: not written.
  absl::Status Check() const {
    MutexLock lock(&mutex_);
    if (reason_.empty()) return absl::OkStatus();
    return absl::UnavailableError(
        "nothing was written: storage failed earlier and no writes are accepted until the server "
        "is restarted (" +
        reason_ + ")");
  }

  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                         rocksdb::Status* status) override {
    Report(status->ToString());
  }

  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*status*/,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  mutable Mutex mutex_;
  std::string reason_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::eventstore::rocksdb_engine
