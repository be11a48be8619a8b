// Read models in one RocksDB directory of their own, beside the log's and the vault's.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "projections/read_model/read_model.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace caseledger::projections {

struct RocksDbReadModelOptions {
  std::string path;             // a directory; created when missing
  rocksdb::Env* env = nullptr;  // null: the system's
  // Blocks, indexes and filters of all tables that stay in memory; beside them two write buffers of
  // 64 MiB.
  size_t block_cache_bytes = 128u << 20;
  // How long a purge waits for snapshots that are open: as long as a query may take. Those that
  // stay open longer put it off to a later commit.
  std::chrono::microseconds purge_wait = std::chrono::seconds(15);
};

// Opens all tables. A crash may lose the newest commits, but rows and position always together: the
// runtime goes on from the position found.
//
// DATA_LOSS            damaged; safe to delete and rebuild
// FAILED_PRECONDITION  written by a program with another format, or another program has it open
// UNAVAILABLE          the directory cannot be opened
absl::StatusOr<std::unique_ptr<ReadModelStore>> OpenRocksDbReadModels(
    const RocksDbReadModelOptions& options);

}  // namespace caseledger::projections
