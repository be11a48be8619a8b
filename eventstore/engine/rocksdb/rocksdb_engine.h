// The embedded default engine: every ledger of a server in one RocksDB directory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/engine/engine.h"

namespace rocksdb {
class DB;
class Env;
}  // namespace rocksdb

namespace caseledger::eventstore {

struct RocksDbOptions {
  // Directory of the event store and of nothing else.
  std::string path;
  // Files, threads and clock of RocksDB; injected by tests. Must outlive the engine. Null: the
  // system's.
  rocksdb::Env* env = nullptr;
  bool create_if_missing = true;
  // Blocks read from disk, with indexes and filters.
  size_t block_cache_bytes = 256u << 20;
  // One memtable. At most two are in memory.
  size_t write_buffer_bytes = 64u << 20;
};

// The engine, and what backups need of it.
class RocksDbStore : public Engine {
 public:
  // Runs `use` on the open database while commits go on; Close waits until it returns. The status
  // of `use`, or UNAVAILABLE: the engine is closed, or storage failed.
  virtual absl::Status WithDatabase(absl::FunctionRef<absl::Status(rocksdb::DB& db)> use) = 0;
};

// Opens the directory and checks that this program understands every ledger in it. Never drops or
// repairs anything but a torn last record of the write-ahead log, which was never acknowledged.
// INVALID_ARGUMENT     no path
// NOT_FOUND            no event store there, and create_if_missing is false
// FAILED_PRECONDITION  another process has it open, or a ledger needs a newer program
// DATA_LOSS            damaged: restore a backup
// UNAVAILABLE          the storage did not answer
absl::StatusOr<std::unique_ptr<RocksDbStore>> OpenRocksDbEngine(const RocksDbOptions& options);

}  // namespace caseledger::eventstore
