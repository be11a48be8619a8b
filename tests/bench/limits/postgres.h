// The same append into PostgreSQL 15, the way event-sourced applications do it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tests/bench/load/samples.h"

namespace caseledger::bench {

// A cluster of its own in a directory of its own, with fsync on, reached through a socket there.
class PostgresCluster {
 public:
  virtual ~PostgresCluster() = default;

  enum class Form {
    kTransaction,   // begin; check the stream's version; insert the event; commit
    kOneStatement,  // the same in one statement that inserts only when the version fits
  };
  // libpq's connection string of a new database in the same cluster, as its administrator.
  virtual absl::StatusOr<std::string> CreateDatabase(const std::string& name) = 0;

  // Reads the records of a ledger of such a database, in their order, over one connection, without
  // looking at them: the most that a reader can have. A sample for each.
  virtual absl::StatusOr<LoadResult> ReadEvents(const std::string& dsn,
                                                const std::string& ledger) = 0;

  // `connections` clients, each appending `payload_bytes` events one after the other, to streams of
  // three events.
  virtual absl::StatusOr<LoadResult> Append(Form form, int connections, size_t payload_bytes,
                                            double seconds) = 0;
};

// NOT_FOUND when PostgreSQL 15 is not installed.
absl::StatusOr<std::unique_ptr<PostgresCluster>> StartPostgres(const std::string& directory);

}  // namespace caseledger::bench
