// RocksDB's statuses in the engine's words.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "rocksdb/status.h"

namespace caseledger::eventstore::rocksdb_engine {

// The status of a failed read. `what` says what was being read.
// DATA_LOSS    stored bytes failed their check
// UNAVAILABLE  the storage did not answer
absl::Status ReadFailure(const rocksdb::Status& status, std::string_view what);

// Head, index and events disagree, or bytes are not what they must be. Says what to do.
absl::Status Damaged(std::string_view ledger, std::string_view what);

// Why the directory could not be opened, and what to do.
// FAILED_PRECONDITION  another process has it open
// NOT_FOUND            there is no database and none may be created
// DATA_LOSS            damaged
// UNAVAILABLE          the storage did not answer
absl::Status OpenFailure(const rocksdb::Status& status, std::string_view path);

}  // namespace caseledger::eventstore::rocksdb_engine
