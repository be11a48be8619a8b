// The tables, their versions, and who may do what with them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/postgres/postgres_options.h"

namespace caseledger::eventstore {

// Version of the schema that this program reads and writes. It works with no other.
inline constexpr int kPostgresSchemaVersion = 4;

struct PostgresMigration {
  // Of the owner of the schema, who may create it.
  PostgresSession session;
  // The role that servers log in with: may add to the log, and change nothing of it. "" grants
  // nothing.
  std::string server_role;
};

// Applies what is missing and grants what the server's role needs, in one transaction; nothing
// when it was done before. The version afterwards.
//
// FAILED_PRECONDITION  the schema is newer than this program, which leaves it alone
// UNAVAILABLE          the database; the outcome is unknown, run it again
absl::StatusOr<int> MigratePostgres(const PostgresMigration& migration);

namespace postgres {

class Connection;

// FAILED_PRECONDITION unless the schema has this program's version, and when the database would
// acknowledge what is not durable.
absl::Status CheckDatabase(Connection& connection);

}  // namespace postgres
}  // namespace caseledger::eventstore
