// The engine for when one machine is not enough: every ledger in a PostgreSQL database, which any
// number of servers share.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "eventstore/base/random.h"
#include "eventstore/engine/engine.h"
#include "eventstore/postgres/postgres_options.h"

namespace caseledger::eventstore {

// Opens a migrated database (schema.h) and checks that this program understands every ledger in it.
// `random` must outlive the engine.
//
// Nothing of a ledger is kept in memory between two calls, so several engines may commit to one
// ledger. UNAVAILABLE from Commit says whether the outcome is unknown or nothing was written; in
// both cases the engine goes on, since the next commit starts from what the database holds.
//
// FAILED_PRECONDITION  another schema version, a ledger needs a newer program, a role without its
//                      grants, a database with fsync off
// UNAVAILABLE          the database did not answer
absl::StatusOr<std::unique_ptr<Engine>> OpenPostgresEngine(const PostgresOptions& options,
                                                           RandomSource& random);

}  // namespace caseledger::eventstore
