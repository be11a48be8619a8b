// The statements that write a batch, in the order in which they run.
#pragma once

#include <string_view>
#include <vector>

#include "eventstore/base/uuid.h"
#include "eventstore/engine/engine.h"
#include "eventstore/postgres/connection.h"

namespace caseledger::eventstore::postgres {

// Starts a transaction, and waits for the ledger's head. The second one's row is the head; none: no
// such ledger.
std::vector<Call> CallsToLock(std::string_view ledger);
// Of that row: the token of who may write, unless nobody ever guarded the ledger (lease.h).
inline constexpr int kFenceColumn = 3;
// The fence of a ledger that has moved: above every token.
inline constexpr int64_t kFenceOfMoved = INT64_MAX;

// What the locked transaction writes, and its COMMIT. The last but two is the head's update, which
// must have written one row. `commit_id` is kept beside the first event.
std::vector<Call> CallsToCommit(std::string_view ledger, EngineBatch& batch, const Uuid& commit_id);

// Within a transaction that holds the head: the commit id beside the event at `position`, and an
// update of the head that changes nothing. The last one is COMMIT.
std::vector<Call> CallsToLookUp(std::string_view ledger, uint64_t position);

}  // namespace caseledger::eventstore::postgres
