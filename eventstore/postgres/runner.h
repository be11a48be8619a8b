// Where statements run: in one session, or each in whatever session is free.
#pragma once

#include "absl/status/statusor.h"
#include "eventstore/postgres/connection_pool.h"
#include "eventstore/postgres/retry.h"

namespace caseledger::eventstore::postgres {

class Runner {
 public:
  virtual ~Runner() = default;
  virtual absl::StatusOr<Rows> Run(const Statement& statement, const Parameters& parameters) = 0;
};

// As thread-safe as the session, which must outlive it.
class SessionRunner final : public Runner {
 public:
  explicit SessionRunner(Connection& session) : session_(session) {}
  absl::StatusOr<Rows> Run(const Statement& statement, const Parameters& parameters) override {
    return session_.Run(statement, parameters);
  }

 private:
  Connection& session_;
};

// For reading: a statement is run again when its session was lost, as after a failover all of them
// are. Thread-safe; pool and retry must outlive it.
class PoolRunner final : public Runner {
 public:
  PoolRunner(ConnectionPool& pool, Retry& retry) : pool_(pool), retry_(retry) {}
  absl::StatusOr<Rows> Run(const Statement& statement, const Parameters& parameters) override;

 private:
  absl::StatusOr<Rows> RunOnce(const Statement& statement, const Parameters& parameters,
                               bool& transient);

  ConnectionPool& pool_;
  Retry& retry_;
};

}  // namespace caseledger::eventstore::postgres
