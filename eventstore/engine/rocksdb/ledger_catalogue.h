// Which ledgers a database holds, and whether this program understands them.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/storage/v1/envelope.pb.h"
#include "rocksdb/db.h"

namespace caseledger::eventstore::rocksdb_engine {

// By name. DATA_LOSS, UNAVAILABLE.
absl::StatusOr<std::vector<storage::v1::LedgerInfo>> ReadLedgerInfos(rocksdb::DB& db);

// FAILED_PRECONDITION: a format or feature that only a newer program knows.
absl::Status CheckUnderstood(const storage::v1::LedgerInfo& info);

// CheckUnderstood, and INVALID_ARGUMENT for a name that no key can hold.
absl::Status CheckCreatable(const storage::v1::LedgerInfo& info);

}  // namespace caseledger::eventstore::rocksdb_engine
