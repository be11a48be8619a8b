#include "eventstore/engine/rocksdb/backup/file_meter.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

constexpr uint64_t kBytesPerReport = 1u << 20;

}  // namespace

class FileMeter::SequentialFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  SequentialFile(std::unique_ptr<rocksdb::FSSequentialFile> file, FileMeter& meter)
      : FSSequentialFileOwnerWrapper(std::move(file)), meter_(meter) {}

  rocksdb::IOStatus Read(size_t most, const rocksdb::IOOptions& options, rocksdb::Slice* result,
                         char* scratch, rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status =
        FSSequentialFileOwnerWrapper::Read(most, options, result, scratch, debug);
    if (status.ok()) meter_.Add(Counted::kReads, result->size());
    return status;
  }

 private:
  FileMeter& meter_;
};

class FileMeter::RandomAccessFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  RandomAccessFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file, FileMeter& meter)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), meter_(meter) {}

  rocksdb::IOStatus Read(uint64_t offset, size_t most, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) const override {
    rocksdb::IOStatus status =
        FSRandomAccessFileOwnerWrapper::Read(offset, most, options, result, scratch, debug);
    if (status.ok()) meter_.Add(Counted::kReads, result->size());
    return status;
  }

 private:
  FileMeter& meter_;
};

class FileMeter::WritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::unique_ptr<rocksdb::FSWritableFile> file, FileMeter& meter)
      : FSWritableFileOwnerWrapper(std::move(file)), meter_(meter) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    return Counted(data, FSWritableFileOwnerWrapper::Append(data, options, debug));
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* debug) override {
    return Counted(data, FSWritableFileOwnerWrapper::Append(data, options, verification, debug));
  }

 private:
  rocksdb::IOStatus Counted(const rocksdb::Slice& data, rocksdb::IOStatus status) {
    if (status.ok()) meter_.Add(FileMeter::Counted::kWrites, data.size());
    return status;
  }

  FileMeter& meter_;
};

FileMeter::FileMeter(const std::shared_ptr<rocksdb::FileSystem>& base, Counted counted,
                     OnBytes on_bytes)
    : FileSystemWrapper(base), counted_(counted), on_bytes_(std::move(on_bytes)) {}

uint64_t FileMeter::bytes() const {
  const MutexLock lock(&mutex_);
  return bytes_;
}

rocksdb::IOStatus FileMeter::NewSequentialFile(const std::string& path,
                                               const rocksdb::FileOptions& options,
                                               std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                               rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = target()->NewSequentialFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<SequentialFile>(std::move(*file), *this);
  return status;
}

rocksdb::IOStatus FileMeter::NewRandomAccessFile(const std::string& path,
                                                 const rocksdb::FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                                 rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = target()->NewRandomAccessFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<RandomAccessFile>(std::move(*file), *this);
  return status;
}

rocksdb::IOStatus FileMeter::NewWritableFile(const std::string& path,
                                             const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                                             rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = target()->NewWritableFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<WritableFile>(std::move(*file), *this);
  return status;
}

void FileMeter::Add(Counted kind, size_t bytes) {
  if (kind != counted_) return;
  const MutexLock lock(&mutex_);
  bytes_ += bytes;
  if (bytes_ - told_ < kBytesPerReport) return;
  told_ = bytes_;
  on_bytes_(bytes_);
}

}  // namespace caseledger::eventstore::rocksdb_engine
