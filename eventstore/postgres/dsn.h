// Connection strings, before anything is connected to.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace caseledger::eventstore {

// INVALID_ARGUMENT unless it is a connection string or URI of libpq. Quotes nothing of it: libpq
// would, passwords included.
absl::Status CheckPostgresDsn(const std::string& dsn);

}  // namespace caseledger::eventstore
