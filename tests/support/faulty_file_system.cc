#include "tests/support/faulty_file_system.h"

#include <filesystem>
#include <system_error>
#include <utility>

namespace caseledger::testing {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class FaultyFileSystem::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FaultyFileSystem& owner, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), owner_(owner), path_(std::move(path)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const Fault fault = owner_.AppendFault(path_);
    if (fault == Fault::kAppend) return IOStatus::NoSpace("injected: no space left on device");
    const Slice part(data.data(), fault == Fault::kTornAppend ? data.size() / 2 : data.size());
    IOStatus status = FSWritableFileOwnerWrapper::Append(part, options, debug);
    if (status.ok()) owner_.Wrote(path_, part.size());
    if (fault == Fault::kTornAppend) return IOStatus::IOError("injected: append failed half-way");
    return status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*verification*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = FSWritableFileOwnerWrapper::Truncate(size, options, debug);
    if (status.ok()) owner_.Truncated(path_, size);
    return status;
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    owner_.SyncAsked(path_);
    if (owner_.Strikes(Fault::kSync, path_)) return IOStatus::IOError("injected: sync failed");
    IOStatus status = FSWritableFileOwnerWrapper::Sync(options, debug);
    if (status.ok()) owner_.Synced(path_);
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }
  // RangeSync promises nothing about durability, so it counts for nothing here.

 private:
  FaultyFileSystem& owner_;
  const std::string path_;
};

class FaultyFileSystem::Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(FaultyFileSystem& owner, std::string path,
            std::unique_ptr<rocksdb::FSDirectory> directory)
      : FSDirectoryWrapper(std::move(directory)), owner_(owner), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    if (owner_.Strikes(Fault::kDirectorySync, path_)) return Failed();
    return FSDirectoryWrapper::Fsync(options, debug);
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& directory_options) override {
    if (owner_.Strikes(Fault::kDirectorySync, path_)) return Failed();
    return FSDirectoryWrapper::FsyncWithDirOptions(options, debug, directory_options);
  }

 private:
  static IOStatus Failed() { return IOStatus::IOError("injected: directory sync failed"); }

  FaultyFileSystem& owner_;
  const std::string path_;
};

FaultyFileSystem::FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

void FaultyFileSystem::Inject(Fault fault, const std::string& suffix, int64_t succeed_first) {
  absl::MutexLock lock(&mutex_);
  fault_ = fault;
  suffix_ = suffix;
  succeed_first_ = succeed_first;
  struck_ = false;
}

int64_t FaultyFileSystem::SyncsOf(const std::string& suffix) const {
  absl::MutexLock lock(&mutex_);
  int64_t sum = 0;
  for (const auto& [path, count] : syncs_) sum += path.ends_with(suffix) ? count : 0;
  return sum;
}

bool FaultyFileSystem::struck() const {
  absl::MutexLock lock(&mutex_);
  return struck_;
}

void FaultyFileSystem::DropUnsyncedBytes() {
  absl::MutexLock lock(&mutex_);
  for (auto& [path, sizes] : files_) {
    std::error_code missing;
    std::filesystem::resize_file(path, sizes.synced, missing);
    sizes.written = sizes.synced;
  }
}

IOStatus FaultyFileSystem::NewWritableFile(const std::string& path,
                                           const rocksdb::FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                           IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> real;
  IOStatus status = FileSystemWrapper::NewWritableFile(path, options, &real, debug);
  if (!status.ok()) return status;
  {
    absl::MutexLock lock(&mutex_);
    files_[path] = {};
  }
  *file = std::make_unique<File>(*this, path, std::move(real));
  return status;
}

// The engine never appends to an existing file; if it did, its synced length would not be known.
IOStatus FaultyFileSystem::ReopenWritableFile(const std::string& path, const rocksdb::FileOptions&,
                                              std::unique_ptr<rocksdb::FSWritableFile>*,
                                              IODebugContext*) {
  return IOStatus::NotSupported("reopening is not expected", path);
}

IOStatus FaultyFileSystem::ReuseWritableFile(const std::string& path, const std::string&,
                                             const rocksdb::FileOptions&,
                                             std::unique_ptr<rocksdb::FSWritableFile>*,
                                             IODebugContext*) {
  return IOStatus::NotSupported("recycling is not expected", path);
}

IOStatus FaultyFileSystem::NewDirectory(const std::string& path, const IOOptions& options,
                                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                                        IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> real;
  IOStatus status = FileSystemWrapper::NewDirectory(path, options, &real, debug);
  if (status.ok()) *directory = std::make_unique<Directory>(*this, path, std::move(real));
  return status;
}

IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to,
                                      const IOOptions& options, IODebugContext* debug) {
  IOStatus status = FileSystemWrapper::RenameFile(from, to, options, debug);
  absl::MutexLock lock(&mutex_);
  const auto found = files_.find(from);
  if (status.ok() && found != files_.end()) {
    files_[to] = found->second;
    files_.erase(found);
  }
  return status;
}

IOStatus FaultyFileSystem::DeleteFile(const std::string& path, const IOOptions& options,
                                      IODebugContext* debug) {
  IOStatus status = FileSystemWrapper::DeleteFile(path, options, debug);
  absl::MutexLock lock(&mutex_);
  if (status.ok()) files_.erase(path);
  return status;
}

bool FaultyFileSystem::Strikes(Fault fault, const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (fault_ != fault || !path.ends_with(suffix_)) return false;
  if (succeed_first_-- > 0) return false;
  struck_ = true;
  return true;
}

FaultyFileSystem::Fault FaultyFileSystem::AppendFault(const std::string& path) {
  if (Strikes(Fault::kAppend, path)) return Fault::kAppend;
  if (Strikes(Fault::kTornAppend, path)) return Fault::kTornAppend;
  return Fault::kNone;
}

void FaultyFileSystem::Wrote(const std::string& path, uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  files_[path].written += bytes;
}

void FaultyFileSystem::Truncated(const std::string& path, uint64_t size) {
  absl::MutexLock lock(&mutex_);
  files_[path].written = size;
}

void FaultyFileSystem::SyncAsked(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  ++syncs_[path];
}

void FaultyFileSystem::Synced(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  files_[path].synced = files_[path].written;
}

}  // namespace caseledger::testing
