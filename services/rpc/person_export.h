// What is held about a person, to be handed to them.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "caseledger/v1/privacy.pb.h"
#include "services/rpc/reading.h"

namespace caseledger::rpc {

// Fills the next message; false when there is none. May block on storage. Not thread-safe.
using PersonExportSource = std::function<absl::StatusOr<bool>(v1::ExportPersonDataResponse& page)>;

// The ledgers must outlive it. What commands::FindRecordsAbout and commands::SubjectCopy say is
// handed out, of records whose sensitive parts the rules show to the caller. Its errors:
//
// PERMISSION_DENIED    the caller may not do this to the person
// FAILED_PRECONDITION  merged into another record, or too many records
// UNAVAILABLE          VAULT_UNAVAILABLE: without keys nothing could be handed out
// DATA_LOSS            a record cannot be read
PersonExportSource ExportOfPerson(Reading reading, const v1::ExportPersonDataRequest& request);

}  // namespace caseledger::rpc
