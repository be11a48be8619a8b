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

  // DATA_LOSS when there is an entry that is of no ledger in the catalogue: what no reading of
  // ledgers comes by. UNAVAILABLE.
  virtual absl::Status CheckNoStrangers() const = 0;
};

// `env` must outlive the store. As OpenRocksDbEngine; a directory that a server has open is not
// noticed.
absl::StatusOr<std::unique_ptr<ReadOnlyStore>> OpenReadOnly(rocksdb::Env& env,
                                                            const std::string& path);

// The store of a server that is stopped, and that cannot be started while this one is open: RocksDB
// opens for reading without looking at the lock, and a server would delete files under it. Holds a
// reader's lock on the file LOCK, so that it works where nothing may be written; if there is no
// such file, as in a copy without it, nothing is locked. Write-ahead logs and MANIFEST are checked
// as a server does.
//
// FAILED_PRECONDITION  a server has it open
// NOT_FOUND            no store there
// else                 as OpenReadOnly
absl::StatusOr<std::unique_ptr<ReadOnlyStore>> OpenStoppedStore(const std::string& path);

}  // namespace caseledger::eventstore::rocksdb_engine
