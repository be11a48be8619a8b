// How far the ledger goes, and what it is called.
#pragma once

#include "absl/status/statusor.h"
#include "caseledger/v1/history.pb.h"
#include "services/app/cli/client/connection.h"

namespace caseledger::cli {

// The answer names the ledger also when the caller left it to the server.
absl::StatusOr<v1::GetLedgerHeadResponse> GetHead(const Connection& connection);

}  // namespace caseledger::cli
