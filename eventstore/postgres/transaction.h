// The statements around every transaction that writes.
#pragma once

#include "eventstore/postgres/connection.h"

namespace caseledger::eventstore::postgres {

inline constexpr Statement kBegin = {"begin", "begin isolation level read committed"};
// A COMMIT that is cut short has happened, or not: only its answer tells.
inline constexpr Statement kNoTimeout = {"no_timeout", "set local statement_timeout = 0"};
inline constexpr Statement kCommit = {"commit", "commit"};

}  // namespace caseledger::eventstore::postgres
