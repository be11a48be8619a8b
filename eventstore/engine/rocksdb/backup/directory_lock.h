// Keeps those who work in a backup directory apart, also across processes.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace caseledger::eventstore::rocksdb_engine {

// Held until destroyed, or until the process ends however it ends. An advisory lock (flock) on the
// directory's file LOCK; who only lists backups needs none.
class DirectoryLock {
 public:
  enum class Kind {
    kShared,     // verify, restore
    kExclusive,  // create
  };

  // Never waits.
  // ABORTED      someone else works there
  // NOT_FOUND    kShared: there is no backup directory
  // UNAVAILABLE  the file system does not answer
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Take(const std::string& directory,
                                                             Kind kind);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  const int file_;
};

}  // namespace caseledger::eventstore::rocksdb_engine
