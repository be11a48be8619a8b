// A vault's rows in a RocksDB directory of their own, so that keys are backed up, guarded and
// destroyed on their own terms.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/vault/vault_store.h"
#include "rocksdb/env.h"

namespace caseledger::eventstore {

struct RocksDbVaultOptions {
  std::string path;
  // NOT_FOUND instead of a new vault when there is none.
  bool create_if_missing = true;
  rocksdb::Env* env = nullptr;  // null: the machine's
};

// The directory is made with mode 0700.
// FAILED_PRECONDITION  another program has it open
// NOT_FOUND            there is none and none may be made
// DATA_LOSS            damaged
// UNAVAILABLE          the storage did not answer
absl::StatusOr<std::unique_ptr<VaultStore>> OpenRocksDbVaultStore(
    const RocksDbVaultOptions& options);

}  // namespace caseledger::eventstore
