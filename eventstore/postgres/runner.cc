#include "eventstore/postgres/runner.h"

#include "eventstore/base/status_macros.h"

namespace caseledger::eventstore::postgres {

absl::StatusOr<Rows> PoolRunner::Run(const Statement& statement, const Parameters& parameters) {
  for (int next = 2;; ++next) {
    bool transient = true;
    absl::StatusOr<Rows> rows = RunOnce(statement, parameters, transient);
    if (rows.ok() || !transient || !retry_.Await(next)) return rows;
  }
}

absl::StatusOr<Rows> PoolRunner::RunOnce(const Statement& statement, const Parameters& parameters,
                                         bool& transient) {
  ASSIGN_OR_RETURN(const ConnectionPool::Lease session, pool_.Take());
  absl::StatusOr<Rows> rows = session->Run(statement, parameters);
  transient = session->failure().kind == FailureKind::kTransient;
  return rows;
}

}  // namespace caseledger::eventstore::postgres
