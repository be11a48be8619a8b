#include "tests/support/memory_disk.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "rocksdb/env.h"

namespace caseledger::testing {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

std::string Normal(const std::string& path) {
  std::string normal = path;
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

IOStatus NoSuchFile(const std::string& path) {
  return IOStatus::PathNotFound("no such file or directory", path);
}

// The info log tells of options and file names only; nothing depends on it.
class NoLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
  size_t GetLogFileSize() const override { return 0; }
};

struct Lock final : rocksdb::FileLock {};

}  // namespace

class MemoryDisk::Bytes {
 public:
  explicit Bytes(std::string bytes = "") : bytes_(std::move(bytes)), synced_(bytes_.size()) {}

  void Append(const Slice& data) {
    SystemMutexLock lock(&mutex_);
    bytes_.append(data.data(), data.size());
  }
  void Overwrite(uint64_t offset, const Slice& data) {
    SystemMutexLock lock(&mutex_);
    bytes_.resize(std::max(bytes_.size(), offset + data.size()));
    std::memcpy(bytes_.data() + offset, data.data(), data.size());
  }
  void Truncate(uint64_t size) {
    SystemMutexLock lock(&mutex_);
    bytes_.resize(size);
    synced_ = std::min<uint64_t>(synced_, size);
  }
  void Sync() {
    SystemMutexLock lock(&mutex_);
    synced_ = bytes_.size();
  }
  uint64_t size() const {
    SystemMutexLock lock(&mutex_);
    return bytes_.size();
  }
  // Reads up to `count` bytes into `scratch`.
  Slice Read(uint64_t offset, size_t count, char* scratch) const {
    SystemMutexLock lock(&mutex_);
    if (offset >= bytes_.size()) return Slice(scratch, 0);
    const size_t available = std::min<size_t>(count, bytes_.size() - offset);
    std::memcpy(scratch, bytes_.data() + offset, available);
    return Slice(scratch, available);
  }
  std::string all() const {
    SystemMutexLock lock(&mutex_);
    return bytes_;
  }
  std::string synced() const {
    SystemMutexLock lock(&mutex_);
    return bytes_.substr(0, synced_);
  }

 private:
  mutable SystemMutex mutex_;
  std::string bytes_ ABSL_GUARDED_BY(mutex_);
  uint64_t synced_ ABSL_GUARDED_BY(mutex_);
};

class MemoryDisk::Reader final : public rocksdb::FSSequentialFile,
                                 public rocksdb::FSRandomAccessFile {
 public:
  explicit Reader(std::shared_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}

  IOStatus Read(size_t count, const IOOptions& /*options*/, Slice* result, char* scratch,
                IODebugContext* /*debug*/) override {
    *result = bytes_->Read(next_, count, scratch);
    next_ += result->size();
    return IOStatus::OK();
  }
  IOStatus Skip(uint64_t count) override {
    next_ += count;
    return IOStatus::OK();
  }
  IOStatus Read(uint64_t offset, size_t count, const IOOptions& /*options*/, Slice* result,
                char* scratch, IODebugContext* /*debug*/) const override {
    *result = bytes_->Read(offset, count, scratch);
    return IOStatus::OK();
  }
  bool use_direct_io() const override { return false; }
  size_t GetRequiredBufferAlignment() const override { return rocksdb::kDefaultPageSize; }
  IOStatus InvalidateCache(size_t /*offset*/, size_t /*length*/) override { return IOStatus::OK(); }
  rocksdb::Temperature GetTemperature() const override { return rocksdb::Temperature::kUnknown; }

 private:
  const std::shared_ptr<Bytes> bytes_;
  uint64_t next_ = 0;
};

class MemoryDisk::Writer final : public rocksdb::FSWritableFile {
 public:
  Writer(std::shared_ptr<Bytes> bytes, const FileOptions& options)
      : FSWritableFile(options), bytes_(std::move(bytes)) {}

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions& /*options*/,
                  IODebugContext* /*debug*/) override {
    bytes_->Append(data);
    return IOStatus::OK();
  }
  IOStatus Truncate(uint64_t size, const IOOptions& /*options*/,
                    IODebugContext* /*debug*/) override {
    bytes_->Truncate(size);
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }
  IOStatus Flush(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    bytes_->Sync();
    return IOStatus::OK();
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return bytes_->size();
  }

 private:
  const std::shared_ptr<Bytes> bytes_;
};

class MemoryDisk::Overwriter final : public rocksdb::FSRandomRWFile {
 public:
  explicit Overwriter(std::shared_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}

  IOStatus Write(uint64_t offset, const Slice& data, const IOOptions& /*options*/,
                 IODebugContext* /*debug*/) override {
    bytes_->Overwrite(offset, data);
    return IOStatus::OK();
  }
  IOStatus Read(uint64_t offset, size_t count, const IOOptions& /*options*/, Slice* result,
                char* scratch, IODebugContext* /*debug*/) const override {
    *result = bytes_->Read(offset, count, scratch);
    return IOStatus::OK();
  }
  IOStatus Flush(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    bytes_->Sync();
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }

 private:
  const std::shared_ptr<Bytes> bytes_;
};

class MemoryDisk::Directory final : public rocksdb::FSDirectory {
 public:
  Directory(MemoryDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    disk_.SyncNames(path_);
    return IOStatus::OK();
  }

 private:
  MemoryDisk& disk_;
  const std::string path_;
};

MemoryDisk::MemoryDisk(const DiskImage& image) {
  SystemMutexLock lock(&mutex_);
  for (const auto& [path, bytes] : image.files) names_[path] = std::make_shared<Bytes>(bytes);
  directories_ = image.directories;
  directories_.insert("/");
  durable_names_ = names_;
  durable_directories_ = directories_;
}

DiskImage MemoryDisk::AfterPowerCut(Survives survives) const {
  SystemMutexLock lock(&mutex_);
  DiskImage image;
  image.directories = survives == Survives::kNothing ? durable_directories_ : directories_;
  for (const auto& [path, bytes] : survives == Survives::kNothing ? durable_names_ : names_) {
    if (!image.directories.contains(ParentOf(path))) continue;
    image.files[path] = survives == Survives::kEverything ? bytes->all() : bytes->synced();
  }
  return image;
}

std::shared_ptr<MemoryDisk::Bytes> MemoryDisk::Find(const std::string& path) const {
  SystemMutexLock lock(&mutex_);
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

void MemoryDisk::SyncNames(const std::string& directory) {
  SystemMutexLock lock(&mutex_);
  const auto here = [&](const std::string& path) { return ParentOf(path) == directory; };
  std::erase_if(durable_names_, [&](const auto& entry) { return here(entry.first); });
  for (const auto& [path, bytes] : names_) {
    if (here(path)) durable_names_[path] = bytes;
  }
  std::erase_if(durable_directories_,
                [&](const std::string& path) { return path != "/" && here(path); });
  for (const std::string& path : directories_) {
    if (here(path)) durable_directories_.insert(path);
  }
}

IOStatus MemoryDisk::NewSequentialFile(const std::string& path, const FileOptions& /*options*/,
                                       std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                       IODebugContext* /*debug*/) {
  std::shared_ptr<Bytes> bytes = Find(path);
  if (bytes == nullptr) return NoSuchFile(path);
  *file = std::make_unique<Reader>(std::move(bytes));
  return IOStatus::OK();
}

IOStatus MemoryDisk::NewRandomAccessFile(const std::string& path, const FileOptions& /*options*/,
                                         std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                         IODebugContext* /*debug*/) {
  std::shared_ptr<Bytes> bytes = Find(path);
  if (bytes == nullptr) return NoSuchFile(path);
  *file = std::make_unique<Reader>(std::move(bytes));
  return IOStatus::OK();
}

IOStatus MemoryDisk::NewWritableFile(const std::string& path, const FileOptions& options,
                                     std::unique_ptr<rocksdb::FSWritableFile>* file,
                                     IODebugContext* /*debug*/) {
  SystemMutexLock lock(&mutex_);
  if (!directories_.contains(ParentOf(path))) return NoSuchFile(path);
  auto bytes = std::make_shared<Bytes>();
  names_[path] = bytes;
  *file = std::make_unique<Writer>(std::move(bytes), options);
  return IOStatus::OK();
}

IOStatus MemoryDisk::NewRandomRWFile(const std::string& path, const FileOptions& /*options*/,
                                     std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                     IODebugContext* /*debug*/) {
  std::shared_ptr<Bytes> bytes = Find(path);
  if (bytes == nullptr) return NoSuchFile(path);
  *file = std::make_unique<Overwriter>(std::move(bytes));
  return IOStatus::OK();
}

IOStatus MemoryDisk::NewDirectory(const std::string& path, const IOOptions& /*options*/,
                                  std::unique_ptr<rocksdb::FSDirectory>* directory,
                                  IODebugContext* /*debug*/) {
  SystemMutexLock lock(&mutex_);
  if (!directories_.contains(Normal(path))) return NoSuchFile(path);
  *directory = std::make_unique<Directory>(*this, Normal(path));
  return IOStatus::OK();
}

IOStatus MemoryDisk::FileExists(const std::string& path, const IOOptions& /*options*/,
                                IODebugContext* /*debug*/) {
  SystemMutexLock lock(&mutex_);
  if (names_.contains(path) || directories_.contains(Normal(path))) return IOStatus::OK();
  return IOStatus::NotFound("no such file or directory", path);
}

IOStatus MemoryDisk::GetChildren(const std::string& path, const IOOptions& /*options*/,
                                 std::vector<std::string>* names, IODebugContext* /*debug*/) {
  SystemMutexLock lock(&mutex_);
  const std::string directory = Normal(path);
  names->clear();
  if (!directories_.contains(directory)) {
    return IOStatus::NotFound("no such file or directory", path);
  }
  for (const auto& [file, bytes] : names_) {
    if (ParentOf(file) == directory) names->push_back(file.substr(directory.size() + 1));
  }
  return IOStatus::OK();
}

IOStatus MemoryDisk::DeleteFile(const std::string& path, const IOOptions& /*options*/,
                                IODebugContext* /*debug*/) {
  SystemMutexLock lock(&mutex_);
  return names_.erase(path) == 1 ? IOStatus::OK() : NoSuchFile(path);
}

IOStatus MemoryDisk::CreateDir(const std::string& path, const IOOptions& /*options*/,
                               IODebugContext* /*debug*/) {
  SystemMutexLock lock(&mutex_);
  return directories_.insert(Normal(path)).second ? IOStatus::OK()
                                                  : IOStatus::IOError("it exists", path);
}

IOStatus MemoryDisk::CreateDirIfMissing(const std::string& path, const IOOptions& /*options*/,
                                        IODebugContext* /*debug*/) {
  SystemMutexLock lock(&mutex_);
  directories_.insert(Normal(path));
  return IOStatus::OK();
}

IOStatus MemoryDisk::DeleteDir(const std::string& path, const IOOptions& /*options*/,
                               IODebugContext* /*debug*/) {
  SystemMutexLock lock(&mutex_);
  return directories_.erase(Normal(path)) == 1 ? IOStatus::OK() : NoSuchFile(path);
}

IOStatus MemoryDisk::GetFileSize(const std::string& path, const IOOptions& /*options*/,
                                 uint64_t* size, IODebugContext* /*debug*/) {
  const std::shared_ptr<Bytes> bytes = Find(path);
  if (bytes == nullptr) return NoSuchFile(path);
  *size = bytes->size();
  return IOStatus::OK();
}

IOStatus MemoryDisk::GetFileModificationTime(const std::string& /*path*/,
                                             const IOOptions& /*options*/, uint64_t* time,
                                             IODebugContext* /*debug*/) {
  *time = 0;
  return IOStatus::OK();
}

IOStatus MemoryDisk::RenameFile(const std::string& from, const std::string& to,
                                const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  SystemMutexLock lock(&mutex_);
  const auto found = names_.find(from);
  if (found == names_.end()) return NoSuchFile(from);
  std::shared_ptr<Bytes> bytes = found->second;
  names_.erase(found);
  names_[to] = std::move(bytes);
  return IOStatus::OK();
}

IOStatus MemoryDisk::LockFile(const std::string& path, const IOOptions& /*options*/,
                              rocksdb::FileLock** lock, IODebugContext* /*debug*/) {
  SystemMutexLock own_lock(&mutex_);
  if (!names_.contains(path)) names_[path] = std::make_shared<Bytes>();
  *lock = new Lock();
  return IOStatus::OK();
}

IOStatus MemoryDisk::UnlockFile(rocksdb::FileLock* lock, const IOOptions& /*options*/,
                                IODebugContext* /*debug*/) {
  delete lock;
  return IOStatus::OK();
}

IOStatus MemoryDisk::GetTestDirectory(const IOOptions& /*options*/, std::string* path,
                                      IODebugContext* /*debug*/) {
  *path = "/test";
  return IOStatus::OK();
}

IOStatus MemoryDisk::NewLogger(const std::string& /*path*/, const IOOptions& /*options*/,
                               std::shared_ptr<rocksdb::Logger>* logger,
                               IODebugContext* /*debug*/) {
  *logger = std::make_shared<NoLogger>();
  return IOStatus::OK();
}

IOStatus MemoryDisk::GetAbsolutePath(const std::string& path, const IOOptions& /*options*/,
                                     std::string* absolute, IODebugContext* /*debug*/) {
  *absolute = path;
  return IOStatus::OK();
}

IOStatus MemoryDisk::IsDirectory(const std::string& path, const IOOptions& /*options*/,
                                 bool* is_directory, IODebugContext* /*debug*/) {
  SystemMutexLock lock(&mutex_);
  *is_directory = directories_.contains(Normal(path));
  return IOStatus::OK();
}

}  // namespace caseledger::testing
