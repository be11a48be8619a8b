// A file system that fails on demand and knows what a power cut would take. For RocksDB's Env.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rocksdb/file_system.h"

namespace caseledger::testing {

// Passes everything on to the system's file system, except that it
// - fails syncs or appends of files whose names end in a given suffix,
// - remembers for each file how many of its bytes were synced, and can cut off the rest.
// Thread-safe.
class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  enum class Fault {
    kNone,
    kSync,          // EIO: the bytes may or may not be on disk
    kAppend,        // ENOSPC: nothing of the append is written
    kTornAppend,    // EIO: the first half of the append is written
    kDirectorySync  // EIO
  };

  FaultyFileSystem();
  const char* Name() const override { return "FaultyFileSystem"; }

  // From now on operations of this kind on files ending in `suffix` fail, after `succeed_first` of
  // them have succeeded. kNone heals.
  void Inject(Fault fault, const std::string& suffix, int64_t succeed_first = 0);

  // Syncs asked for, failed ones included, of files ending in `suffix`.
  int64_t SyncsOf(const std::string& suffix) const;
  // Whether the injected fault has struck.
  bool struck() const;

  // What a power cut leaves: every file written through this file system is cut to its synced
  // length. No file may be open.
  void DropUnsyncedBytes();

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  class File;
  class Directory;
  struct Sizes {
    uint64_t written = 0;
    uint64_t synced = 0;
  };

  // True when the operation must fail. Counts it.
  bool Strikes(Fault fault, const std::string& path) ABSL_LOCKS_EXCLUDED(mutex_);
  // The injected kind of failing append, or kNone.
  Fault AppendFault(const std::string& path) ABSL_LOCKS_EXCLUDED(mutex_);
  void Wrote(const std::string& path, uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  void Truncated(const std::string& path, uint64_t size) ABSL_LOCKS_EXCLUDED(mutex_);
  void SyncAsked(const std::string& path) ABSL_LOCKS_EXCLUDED(mutex_);
  void Synced(const std::string& path) ABSL_LOCKS_EXCLUDED(mutex_);

  mutable absl::Mutex mutex_;
  Fault fault_ ABSL_GUARDED_BY(mutex_) = Fault::kNone;
  std::string suffix_ ABSL_GUARDED_BY(mutex_);
  int64_t succeed_first_ ABSL_GUARDED_BY(mutex_) = 0;
  bool struck_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Sizes> files_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> syncs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::testing
