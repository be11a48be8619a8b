#include "tests/support/faulty_file_system.h"

#include <array>
#include <utility>

namespace caseledger::testing {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

std::string LastName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool HoldsData(const std::string& name) {
  return name.ends_with(".sst") || name.ends_with(".log") || name.starts_with("MANIFEST");
}

IOStatus PowerIsOff() { return IOStatus::IOError("injected: the power is off"); }
IOStatus Full() { return IOStatus::NoSpace("injected: no space left on device"); }

std::string Flipped(const Slice& data, uint64_t bit) {
  std::string bytes = data.ToString();
  if (bytes.empty()) return bytes;
  char& byte = bytes[bit / 8 % bytes.size()];
  byte = static_cast<char>(byte ^ (1 << (bit % 8)));
  return bytes;
}

}  // namespace

std::string NameOf(Io io) {
  static constexpr std::array<const char*, 12> kNames = {
      "make directory", "list", "look",  "open",   "read",   "create",
      "append",         "sync", "close", "rename", "delete", "directory sync"};
  return kNames.at(static_cast<size_t>(io));
}

class FaultyFileSystem::SequentialReader final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  SequentialReader(FaultyFileSystem& owner, std::string path,
                   std::unique_ptr<rocksdb::FSSequentialFile> file)
      : FSSequentialFileOwnerWrapper(std::move(file)), owner_(owner), path_(std::move(path)) {}

  IOStatus Read(size_t count, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    IOStatus status = owner_.Ask(Io::kRead, path_);
    return status.ok() ? FSSequentialFileOwnerWrapper::Read(count, options, result, scratch, debug)
                       : status;
  }

 private:
  FaultyFileSystem& owner_;
  const std::string path_;
};

class FaultyFileSystem::RandomReader final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  RandomReader(FaultyFileSystem& owner, std::string path,
               std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), owner_(owner), path_(std::move(path)) {}

  IOStatus Read(uint64_t offset, size_t count, const IOOptions& options, Slice* result,
                char* scratch, IODebugContext* debug) const override {
    IOStatus status = owner_.Ask(Io::kRead, path_);
    return status.ok() ? FSRandomAccessFileOwnerWrapper::Read(offset, count, options, result,
                                                              scratch, debug)
                       : status;
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    for (size_t i = 0; i < count; ++i) {
      rocksdb::FSReadRequest& request = requests[i];
      request.status =
          Read(request.offset, request.len, options, &request.result, request.scratch, debug);
    }
    return IOStatus::OK();
  }
  // RocksDB reads by itself what was not prefetched.
  IOStatus Prefetch(uint64_t /*offset*/, size_t /*count*/, const IOOptions& /*options*/,
                    IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("prefetching");
  }

 private:
  FaultyFileSystem& owner_;
  const std::string path_;
};

class FaultyFileSystem::Writer final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  Writer(FaultyFileSystem& owner, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), owner_(owner), path_(std::move(path)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const Verdict verdict = owner_.Judge(Io::kAppend, path_);
    if (!verdict.status.ok()) {
      if (!verdict.damage) return verdict.status;
      // Torn: an error, with half of the bytes written.
      const Slice half(data.data(), data.size() / 2);
      FSWritableFileOwnerWrapper::Append(half, options, debug).PermitUncheckedError();
      return verdict.status;
    }
    if (!verdict.damage) return FSWritableFileOwnerWrapper::Append(data, options, debug);
    if (verdict.damage->fault == Fault::kMisdirected) owner_.Misdirect(path_, data);
    const std::string wrong = verdict.damage->fault == Fault::kFlip
                                  ? Flipped(data, verdict.damage->at)
                                  : std::string(data.size(), '\0');
    return FSWritableFileOwnerWrapper::Append(wrong, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*verification*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = owner_.Ask(Io::kSync, path_);
    return status.ok() ? FSWritableFileOwnerWrapper::Sync(options, debug) : status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = owner_.Ask(Io::kClose, path_);
    return status.ok() ? FSWritableFileOwnerWrapper::Close(options, debug) : status;
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
    IOStatus status = owner_.Ask(Io::kDirectorySync, path_);
    return status.ok() ? FSDirectoryWrapper::Fsync(options, debug) : status;
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& directory_options) override {
    IOStatus status = owner_.Ask(Io::kDirectorySync, path_);
    return status.ok() ? FSDirectoryWrapper::FsyncWithDirOptions(options, debug, directory_options)
                       : status;
  }

 private:
  FaultyFileSystem& owner_;
  const std::string path_;
};

FaultyFileSystem::FaultyFileSystem(std::shared_ptr<rocksdb::FileSystem> disk)
    : FileSystemWrapper(disk) {}

void FaultyFileSystem::Inject(FaultPlan plan) {
  SystemMutexLock lock(&mutex_);
  plan_ = std::move(plan);
  struck_ = false;
}

void FaultyFileSystem::Heal() {
  SystemMutexLock lock(&mutex_);
  plan_.reset();
  power_is_off_ = false;
  is_full_ = false;
}

bool FaultyFileSystem::struck() const {
  SystemMutexLock lock(&mutex_);
  return struck_;
}

FaultyFileSystem::Counts FaultyFileSystem::counts() const {
  SystemMutexLock lock(&mutex_);
  return counts_;
}

int64_t FaultyFileSystem::failed_syncs() const {
  SystemMutexLock lock(&mutex_);
  return failed_syncs_;
}

int64_t FaultyFileSystem::SyncsOf(const std::string& suffix) const {
  SystemMutexLock lock(&mutex_);
  int64_t sum = 0;
  for (const auto& [what, count] : counts_) {
    if (what.first == Io::kSync && what.second.ends_with(suffix)) sum += count;
  }
  return sum;
}

bool FaultyFileSystem::Strikes(Io io, const std::string& name) {
  if (!plan_ || plan_->io != io || !name.ends_with(plan_->suffix)) return false;
  if (struck_ && !plan_->lasts) return false;
  if (plan_->succeed_first-- > 0) return false;
  struck_ = true;
  return true;
}

FaultyFileSystem::Verdict FaultyFileSystem::Judge(Io io, const std::string& path) {
  SystemMutexLock lock(&mutex_);
  const std::string name = LastName(path);
  ++counts_[{io, name}];
  if (power_is_off_) return {PowerIsOff(), std::nullopt};
  if (is_full_ && (io == Io::kCreate || io == Io::kAppend)) return {Full(), std::nullopt};
  if (!Strikes(io, name)) return {IOStatus::OK(), std::nullopt};
  if (io == Io::kSync || io == Io::kDirectorySync) ++failed_syncs_;
  power_is_off_ = plan_->power_cut;
  is_full_ = plan_->fault == Fault::kNoSpace;
  switch (plan_->fault) {
    case Fault::kError:
      return {power_is_off_ ? PowerIsOff() : IOStatus::IOError("injected: input/output error"),
              std::nullopt};
    case Fault::kNoSpace:
      return {Full(), std::nullopt};
    case Fault::kTorn:
      return {IOStatus::IOError("injected: failed half-way"), plan_};
    case Fault::kFlip:
    case Fault::kLost:
    case Fault::kMisdirected:
      break;
  }
  return {IOStatus::OK(), plan_};
}

void FaultyFileSystem::Misdirect(const std::string& path, const Slice& data) {
  const std::string directory = path.substr(0, path.rfind('/'));
  std::vector<std::string> names;
  target()->GetChildren(directory, IOOptions(), &names, nullptr).PermitUncheckedError();
  std::string victim;
  uint64_t victim_bytes = 0;
  for (const std::string& name : names) {
    uint64_t bytes = 0;
    const std::string other = directory + "/" + name;
    if (other == path || !HoldsData(name) ||
        !target()->GetFileSize(other, IOOptions(), &bytes, nullptr).ok())
      continue;
    if (bytes > victim_bytes) {
      victim = other;
      victim_bytes = bytes;
    }
  }
  if (victim.empty()) return;
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  IOStatus status = target()->NewRandomRWFile(victim, FileOptions(), &file, nullptr);
  if (status.ok()) status = file->Write(victim_bytes / 2, data, IOOptions(), nullptr);
  status.PermitUncheckedError();
}

IOStatus FaultyFileSystem::NewSequentialFile(const std::string& path, const FileOptions& options,
                                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                             IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSSequentialFile> real;
  IOStatus status = Ask(Io::kOpen, path);
  if (status.ok()) status = FileSystemWrapper::NewSequentialFile(path, options, &real, debug);
  if (status.ok()) *file = std::make_unique<SequentialReader>(*this, path, std::move(real));
  return status;
}

IOStatus FaultyFileSystem::NewRandomAccessFile(const std::string& path, const FileOptions& options,
                                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                               IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSRandomAccessFile> real;
  IOStatus status = Ask(Io::kOpen, path);
  if (status.ok()) status = FileSystemWrapper::NewRandomAccessFile(path, options, &real, debug);
  if (status.ok()) *file = std::make_unique<RandomReader>(*this, path, std::move(real));
  return status;
}

IOStatus FaultyFileSystem::NewWritableFile(const std::string& path, const FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                           IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> real;
  IOStatus status = Ask(Io::kCreate, path);
  if (status.ok()) status = FileSystemWrapper::NewWritableFile(path, options, &real, debug);
  if (status.ok()) *file = std::make_unique<Writer>(*this, path, std::move(real));
  return status;
}

// The engine neither appends to an existing file nor recycles one.
IOStatus FaultyFileSystem::ReopenWritableFile(const std::string& path, const FileOptions&,
                                              std::unique_ptr<rocksdb::FSWritableFile>*,
                                              IODebugContext*) {
  return IOStatus::NotSupported("reopening is not expected", path);
}

IOStatus FaultyFileSystem::ReuseWritableFile(const std::string& path, const std::string&,
                                             const FileOptions&,
                                             std::unique_ptr<rocksdb::FSWritableFile>*,
                                             IODebugContext*) {
  return IOStatus::NotSupported("recycling is not expected", path);
}

IOStatus FaultyFileSystem::NewDirectory(const std::string& path, const IOOptions& options,
                                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                                        IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> real;
  IOStatus status = Ask(Io::kOpen, path);
  if (status.ok()) status = FileSystemWrapper::NewDirectory(path, options, &real, debug);
  if (status.ok()) *directory = std::make_unique<Directory>(*this, path, std::move(real));
  return status;
}

IOStatus FaultyFileSystem::FileExists(const std::string& path, const IOOptions& options,
                                      IODebugContext* debug) {
  IOStatus status = Ask(Io::kLook, path);
  return status.ok() ? FileSystemWrapper::FileExists(path, options, debug) : status;
}

IOStatus FaultyFileSystem::GetChildren(const std::string& path, const IOOptions& options,
                                       std::vector<std::string>* names, IODebugContext* debug) {
  IOStatus status = Ask(Io::kList, path);
  return status.ok() ? FileSystemWrapper::GetChildren(path, options, names, debug) : status;
}

IOStatus FaultyFileSystem::GetFileSize(const std::string& path, const IOOptions& options,
                                       uint64_t* size, IODebugContext* debug) {
  IOStatus status = Ask(Io::kLook, path);
  return status.ok() ? FileSystemWrapper::GetFileSize(path, options, size, debug) : status;
}

IOStatus FaultyFileSystem::CreateDir(const std::string& path, const IOOptions& options,
                                     IODebugContext* debug) {
  IOStatus status = Ask(Io::kMakeDirectory, path);
  return status.ok() ? FileSystemWrapper::CreateDir(path, options, debug) : status;
}

IOStatus FaultyFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                              IODebugContext* debug) {
  IOStatus status = Ask(Io::kMakeDirectory, path);
  return status.ok() ? FileSystemWrapper::CreateDirIfMissing(path, options, debug) : status;
}

IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to,
                                      const IOOptions& options, IODebugContext* debug) {
  IOStatus status = Ask(Io::kRename, from);
  return status.ok() ? FileSystemWrapper::RenameFile(from, to, options, debug) : status;
}

IOStatus FaultyFileSystem::DeleteFile(const std::string& path, const IOOptions& options,
                                      IODebugContext* debug) {
  IOStatus status = Ask(Io::kDelete, path);
  return status.ok() ? FileSystemWrapper::DeleteFile(path, options, debug) : status;
}

}  // namespace caseledger::testing
