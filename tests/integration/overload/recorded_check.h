// Whether the ledger holds what was acknowledged, and nothing else.
#pragma once

#include <vector>

#include "eventstore/base/uuid.h"
#include "tests/integration/overload/command_load.h"
#include "tests/integration/support/client.h"

namespace caseledger::testing {

// The request ids of all events in the ledger, in order of their positions, which must be without
// holes. Reads page by page: a long run's events would not fit into memory.
std::vector<Uuid> RecordedRequests(const Client& client);

// Every command taken is in the ledger exactly once, none that was refused, and nothing else.
void ExpectRecorded(const Client& client, const Outcomes& outcomes);

}  // namespace caseledger::testing
