// Reads the write-ahead logs and the MANIFEST before RocksDB does, because RocksDB takes some
// damage for their end and silently goes on without what follows.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "rocksdb/env.h"

namespace caseledger::eventstore::rocksdb_engine {

// Allows what a power cut leaves: a torn record at the end, if nothing was committed after it. Of
// the MANIFEST no zeros at the end, because RocksDB would delete the tables that it then lacks.
// DATA_LOSS    damaged; says which file and where
// UNAVAILABLE  the storage did not answer
absl::Status CheckLogs(rocksdb::Env& env, const std::string& path);

}  // namespace caseledger::eventstore::rocksdb_engine
