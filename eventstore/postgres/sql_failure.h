// What PostgreSQL's error codes mean to a caller.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace caseledger::eventstore::postgres {

enum class FailureKind {
  kNone,
  // The transaction is gone and may be tried again as a whole: serialization failure, deadlock,
  // lost connection, a server that stops, starts or is only a standby.
  kTransient,
  // Trying again would not help, or would make a slow database slower.
  kPermanent,
};

struct SqlFailure {
  FailureKind kind = FailureKind::kNone;
  // The session is of no more use.
  bool ends_session = false;
  absl::Status status;
  // The transaction had failed before; what went wrong was told then.
  bool follows = false;
};

// Of an error the server reported. `sqlstate` has five characters, or none. `message` is the
// primary message alone: details quote values of keys.
//
// UNAVAILABLE          slow, full, stopping, unreachable
// DATA_LOSS            the server found damage, or a key is there that must not be
// FAILED_PRECONDITION  the schema or the grants are not as the program needs them
// INTERNAL             anything else
SqlFailure FailureOf(std::string_view sqlstate, std::string_view message);

// A session that ended without an answer, or whose answer did not come in time.
SqlFailure LostConnection(std::string_view why);

}  // namespace caseledger::eventstore::postgres
