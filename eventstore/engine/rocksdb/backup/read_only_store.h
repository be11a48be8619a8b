// A closed or backed up store, opened without changing a byte of it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/engine/engine.h"
#include "rocksdb/env.h"

namespace caseledger::eventstore::rocksdb_engine {

// Thread-safe. Commit and CreateLedger answer FAILED_PRECONDITION.
class ReadOnlyStore : public Engine {
 public:
  // Reads every block of every table file and compares checksums: also what no reading of events
  // comes by, such as request ids and names. DATA_LOSS, UNAVAILABLE.
  virtual absl::Status CheckBlocks() const = 0;
};

// `env` must outlive the store. As OpenRocksDbEngine; a directory that a server has open is not
// noticed.
absl::StatusOr<std::unique_ptr<ReadOnlyStore>> OpenReadOnly(rocksdb::Env& env,
                                                            const std::string& path);

}  // namespace caseledger::eventstore::rocksdb_engine
