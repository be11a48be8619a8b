// A record's history with everything needed to check it without the server.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/v1/audit.pb.h"
#include "services/rpc/reading.h"

namespace caseledger::rpc {

// Fills the next message; false when there is none. May block on storage, and the first time until
// a checkpoint is published. Not thread-safe. Its errors:
//
// NOT_FOUND            no such record
// FAILED_PRECONDITION  NOT_SIGNED: the ledger is not signed; NOT_COVERED: the record, which is that
// of
//                      the committed heads, begins with the newest of them
// UNAVAILABLE          NOT_PUBLISHED: no checkpoint covers the heads that were committed for it; or
//                      they could not be committed
// DATA_LOSS            a record or tile is damaged, or the log is not what was committed to
using ExportSource = std::function<absl::StatusOr<bool>(v1::ExportRecordResponse& page)>;

// PERMISSION_DENIED    the caller may not see all of the record: stored bytes cannot be redacted
// The ledgers must outlive it.
ExportSource ExportOfRecord(Reading reading, const v1::ExportRecordRequest& request);

}  // namespace caseledger::rpc
