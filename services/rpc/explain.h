// Why somebody may or may not.
#pragma once

#include "absl/status/status.h"
#include "caseledger/v1/access.pb.h"
#include "services/rpc/reading.h"

namespace caseledger::rpc {

// About the caller: by what they could find out by trying, so a record that they may not know of is
// told apart from none by nothing. About others: for who may read the trail of the record's kind.
// May block on storage.
//
// INVALID_ARGUMENT  there is no such action
// PERMISSION_DENIED, NOT_FOUND  as Reading
absl::Status ExplainAccess(Reading& reading, const v1::ExplainAccessRequest& request,
                           v1::ExplainAccessResponse& response);

}  // namespace caseledger::rpc
