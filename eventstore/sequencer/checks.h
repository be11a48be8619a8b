// Expected revisions of streams (table in tests/eventstore and log.h).
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "eventstore/log.h"

namespace caseledger::eventstore {

// Payload of the ABORTED status: revision of the first stream that is not as expected, in decimal
// digits.
inline constexpr char kCurrentRevisionUrl[] = "caseledger/current_revision";

// ABORTED when streams are not as expected; the message lists all of them with their revisions.
absl::Status CheckExpected(const std::vector<StreamCheck>& checks, LedgerView& view);

}  // namespace caseledger::eventstore
