// One commit, from the first attempt to a known outcome or to giving up.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "eventstore/base/random.h"
#include "eventstore/base/uuid.h"
#include "eventstore/engine/engine.h"
#include "eventstore/postgres/connection_pool.h"
#include "eventstore/postgres/retry.h"

namespace caseledger::eventstore::postgres {

// What commits of all ledgers share.
struct CommitContext {
  const PostgresOptions& options;
  ConnectionPool& pool;
  Retry& retry;
  RandomSource& random;
};

// UNAVAILABLE when this program must not write to a ledger with this fence: another one has taken
// it over, or it guards it itself no more. FAILED_PRECONDITION LEDGER_MOVED when nobody may.
absl::Status CheckFence(const PostgresOptions& options, int64_t fence);

// Invariants
// 1. The head's row is locked before anything is read and until COMMIT is answered or the session
//    is gone: who holds it sees all that was committed, and is the only one to add.
// 2. After COMMIT was sent without a clear answer nothing is tried again before the outcome is
//    known. It is known once the head's row can be locked again: then the other session is over,
//    and its commit id is in the log or never will be.
// 3. A looked-up commit counts only after one more COMMIT behind it was answered without a warning:
//    then standbys have what came before, too.
//
// Used once. Not thread-safe; the references must outlive it.
class CommitRun {
 public:
  CommitRun(const CommitContext& context, std::string_view ledger, Resolve resolve)
      : context_(context), ledger_(ledger), resolve_(resolve) {}

  // As Engine::Commit. `check_head`: the head is compared with the records first.
  absl::Status Run(bool check_head);

 private:
  enum class Outcome { kSettled, kNothingWritten, kUnknown };
  struct Attempt {
    Outcome outcome = Outcome::kSettled;
    absl::Status status;
  };

  Attempt TryOnce(bool check_head);
  Attempt Send(Connection& connection, EngineBatch& batch);
  Attempt LookUp();
  // Before COMMIT was sent.
  static Attempt NotWritten(const Connection& connection, const absl::Status& status);

  const CommitContext& context_;
  const std::string_view ledger_;
  const Resolve resolve_;
  // Of the attempt whose COMMIT was sent.
  Uuid commit_id_;
  uint64_t first_position_ = 0;
};

}  // namespace caseledger::eventstore::postgres
