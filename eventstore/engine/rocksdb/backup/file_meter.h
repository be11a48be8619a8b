// A file system that tells how many bytes went through it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

namespace caseledger::eventstore::rocksdb_engine {

// Thread-safe.
class FileMeter final : public rocksdb::FileSystemWrapper {
 public:
  enum class Counted { kReads, kWrites };
  // Hears the sum so far, about once a mebibyte; one call at a time.
  using OnBytes = std::function<void(uint64_t bytes)>;

  FileMeter(const std::shared_ptr<rocksdb::FileSystem>& base, Counted counted, OnBytes on_bytes);
  const char* Name() const override { return "FileMeter"; }

  uint64_t bytes() const;

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

 private:
  class SequentialFile;
  class RandomAccessFile;
  class WritableFile;

  void Add(Counted kind, size_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  const Counted counted_;
  const OnBytes on_bytes_;
  mutable Mutex mutex_;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t told_ ABSL_GUARDED_BY(mutex_) = 0;
};

// An environment of RocksDB with a meter under it. The base must outlive it.
class MeteredEnv {
 public:
  MeteredEnv(const rocksdb::Env& base, FileMeter::Counted counted, FileMeter::OnBytes on_bytes)
      : meter_(std::make_shared<FileMeter>(base.GetFileSystem(), counted, std::move(on_bytes))),
        env_(rocksdb::NewCompositeEnv(meter_)) {}

  rocksdb::Env* env() { return env_.get(); }
  uint64_t bytes() const { return meter_->bytes(); }

 private:
  const std::shared_ptr<FileMeter> meter_;
  const std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace caseledger::eventstore::rocksdb_engine
