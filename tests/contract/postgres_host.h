// PostgreSQL engines in a migrated, empty database of their own, in the program's shared cluster.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "eventstore/postgres/postgres_options.h"
#include "tests/contract/engine_contract_suite.h"
#include "tests/support/postgres_cluster.h"

namespace caseledger::testing {

// Aborts the program, after saying why, when there is no cluster. Not thread-safe.
class PostgresHost final : public EngineHost {
 public:
  PostgresHost();
  ~PostgresHost() override;

  eventstore::Engine& engine() override { return *engine_; }
  absl::Status Reopen() override;

  // Another server on the same database.
  absl::StatusOr<std::unique_ptr<eventstore::Engine>> OpenAnother();
  absl::StatusOr<std::unique_ptr<eventstore::Engine>> OpenWith(
      const eventstore::PostgresOptions& options);

  PostgresCluster& cluster() { return *cluster_; }
  const std::string& database() const { return database_; }
  // As the server's role.
  eventstore::PostgresOptions options() const;

 private:
  absl::Status TakeDatabase();

  PostgresCluster* const cluster_;
  std::string database_;
  std::unique_ptr<eventstore::Engine> engine_;
};

}  // namespace caseledger::testing
