// The engine's directory, before RocksDB touches it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "rocksdb/env.h"

namespace caseledger::eventstore::rocksdb_engine {

// RocksDB would start an empty database over the remains of one whose catalogue is gone, and then
// delete the remains. DATA_LOSS in that case.
absl::Status CheckNotRemains(rocksdb::Env& env, const std::string& path);

// Makes the directory's own entry durable, so that a new store survives a power cut.
absl::Status SyncParent(rocksdb::Env& env, const std::string& path);

}  // namespace caseledger::eventstore::rocksdb_engine
