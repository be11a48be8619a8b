// Where servers under test keep their ledgers.
#pragma once

#include <string>
#include <vector>

#include "services/app/storage/storage.h"

namespace caseledger::testing {

// RocksDB in the data directory; or, when the variable CASELEDGER_TEST_ENGINE says `postgres`, a
// database of the data directory's own in the program's cluster. The same for the same directory.
// Aborts the program, after saying why, when there is no cluster. Thread-safe.
app::StorageChoice StorageFor(const std::string& data_dir);

// The same as flags of the programs.
std::vector<std::string> StorageFlags(const app::StorageChoice& choice);
inline std::vector<std::string> StorageFlagsFor(const std::string& data_dir) {
  return StorageFlags(StorageFor(data_dir));
}

// As flags of programs that work on what a stopped server left.
std::vector<std::string> EngineFlagsFor(const std::string& data_dir);

// A migrated, empty database in the program's cluster, for servers that share it.
app::StorageChoice NewDatabase();

}  // namespace caseledger::testing
