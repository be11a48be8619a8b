// A file system that counts what is asked of it and fails on demand. For RocksDB's Env.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/mutex.h"
#include "rocksdb/file_system.h"

namespace caseledger::testing {

// What can be asked of a disk.
enum class Io {
  kMakeDirectory,
  kList,  // a directory's names
  kLook,  // whether a file is there, how long it is
  kOpen,  // for reading
  kRead,
  kCreate,
  kAppend,
  kSync,
  kClose,  // of a file written
  kRename,
  kDelete,
  kDirectorySync
};
std::string NameOf(Io io);

enum class Fault {
  kError,       // EIO; nothing was done
  kNoSpace,     // ENOSPC; every later creation and append fails too
  kTorn,        // appends: half of the bytes are written, then EIO
  kFlip,        // appends: OK, but one bit is wrong
  kLost,        // appends: OK, but the bytes read as zeros
  kMisdirected  // appends: OK, but the bytes lie over the middle of another log or table, zeros in
                // place
};

// When to fail. Power cuts: this and all that is asked later fails, so that what the disk holds
// stays as it is.
struct FaultPlan {
  Io io = Io::kSync;
  std::string suffix;         // of the file's name
  int64_t succeed_first = 0;  // so many of this kind on such files
  Fault fault = Fault::kError;
  bool lasts = false;  // later ones of this kind on such files fail as well
  bool power_cut = false;
  uint64_t at = 0;  // kFlip: which bit, counted around the bytes' length
};

// Passes everything on to another file system. Files it has opened must not outlive it.
// Thread-safe.
class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  // How often each kind was asked of each file (by its last name), failed ones included.
  using Counts = std::map<std::pair<Io, std::string>, int64_t>;

  explicit FaultyFileSystem(std::shared_ptr<rocksdb::FileSystem> disk);

  // Replaces the plan there was. Counting for `succeed_first` begins now.
  void Inject(FaultPlan plan);
  // No more faults; the power is back.
  void Heal();
  // Whether the plan's fault has struck.
  bool struck() const;

  Counts counts() const;
  // Syncs of files and directories that the plan made fail.
  int64_t failed_syncs() const;
  // Syncs asked for of files ending in `suffix`.
  int64_t SyncsOf(const std::string& suffix) const;

  const char* Name() const override { return "FaultyFileSystem"; }
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
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
  rocksdb::IOStatus FileExists(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& path, const rocksdb::IOOptions& options,
                                std::vector<std::string>* names,
                                rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions& options,
                                uint64_t* size, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  class SequentialReader;
  class RandomReader;
  class Writer;
  class Directory;

  // Counts the request; the plan when it strikes here. OK only when the request may be passed on.
  struct Verdict {
    rocksdb::IOStatus status;
    std::optional<FaultPlan> damage;  // of an append
  };
  Verdict Judge(Io io, const std::string& path);
  rocksdb::IOStatus Ask(Io io, const std::string& path) { return Judge(io, path).status; }
  // Whether the plan strikes at this request.
  bool Strikes(Io io, const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Writes the bytes over the middle of the longest other log or table of the directory.
  void Misdirect(const std::string& path, const rocksdb::Slice& data);

  mutable SystemMutex mutex_;
  std::optional<FaultPlan> plan_ ABSL_GUARDED_BY(mutex_);
  bool struck_ ABSL_GUARDED_BY(mutex_) = false;
  bool power_is_off_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_full_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t failed_syncs_ ABSL_GUARDED_BY(mutex_) = 0;
  Counts counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::testing
