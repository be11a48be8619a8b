// Which ledgers a database holds.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "caseledger/storage/v1/envelope.pb.h"
#include "rocksdb/db.h"

namespace caseledger::eventstore::rocksdb_engine {

// By name. DATA_LOSS, UNAVAILABLE.
absl::StatusOr<std::vector<storage::v1::LedgerInfo>> ReadLedgerInfos(rocksdb::DB& db);

}  // namespace caseledger::eventstore::rocksdb_engine
