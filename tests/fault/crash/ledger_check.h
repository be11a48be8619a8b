// Holds a restarted server to what its clients were told.
#pragma once

#include <cstdint>

#include "tests/fault/crash/journal.h"
#include "tests/integration/support/client.h"

namespace caseledger::testing {

// What stands in the ledger against the journal:
//   1. positions run from 0 without a hole, revisions of every record from 1, event ids are unique
//   2. every acknowledged event is there: same id, position, record, revision, time and content
//   3. every event belongs to a command that was sent, and to one only; an unacknowledged command
//      is wholly there or not at all
//   4. what the ledger began with is there as it was
// `client` reads the whole ledger.
void CheckLedger(const Client& client, const Journal& journal);

// Sends every unacknowledged command again, twice at the same time: together they do it once. The
// answers are noted as acknowledged. Then sends some acknowledged ones again: nothing is recorded.
void SendAgain(const Client& client, uint64_t seed, Journal& journal);

// What stands in the access trail against the journal: its order as in 1.; every look at a case
// that was answered or refused, and none that nobody took. `client` reads the whole trail.
void CheckTrail(const Client& client, const Journal& journal);

// Every projection is live and at the head. `client` may see how the server does; it leaves nothing
// in the trail.
void CheckProjections(const Client& client);

// The list of cases has every case once.
void CheckCases(const Client& client, const Journal& journal);

}  // namespace caseledger::testing
