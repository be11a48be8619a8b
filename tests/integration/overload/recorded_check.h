// Whether the ledger holds what was acknowledged, and nothing else.
#pragma once

#include <cstdint>
#include <vector>

#include "eventstore/base/uuid.h"
#include "tests/integration/overload/command_load.h"
#include "tests/integration/support/client.h"

namespace caseledger::testing {

// The request ids of all events from `from` on, in order of their positions, which must be without
// holes. Reads page by page: a long run's events would not fit into memory. `client` reads whole
// ledgers.
std::vector<Uuid> RecordedRequests(const Client& client, uint64_t from);

// Every command taken is in the ledger from `from` on exactly once, none that was refused, and
// nothing else.
void ExpectRecorded(const Client& client, uint64_t from, const Outcomes& outcomes);

}  // namespace caseledger::testing
