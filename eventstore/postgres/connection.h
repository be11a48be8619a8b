// One session with PostgreSQL that never waits without a bound.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "eventstore/postgres/hosts.h"
#include "eventstore/postgres/newest_timeline.h"
#include "eventstore/postgres/parameters.h"
#include "eventstore/postgres/postgres_options.h"
#include "eventstore/postgres/sql_failure.h"

namespace caseledger::eventstore::postgres {

// SQL under a name that is its own within a session, where it is prepared when first used. Both
// live as long as the program.
struct Statement {
  const char* name;
  const char* sql;
};

struct Call {
  const Statement* statement;
  Parameters parameters;
};

// Rows in binary format. Columns and rows count from 0 and must be there.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, PQclear) {}

  int count() const { return PQntuples(result_.get()); }
  bool IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) == 1; }
  // Good as long as the rows are.
  std::string_view Bytes(int row, int column) const;
  // What has another size reads as 0.
  int64_t Int8(int row, int column) const;
  uint64_t Number(int row, int column) const { return static_cast<uint64_t>(Int8(row, column)); }
  bool Bool(int row, int column) const { return Bytes(row, column) == std::string_view("\1", 1); }
  // How many rows the statement wrote.
  std::string_view written() const { return PQcmdTuples(result_.get()); }
  // The command that was carried out: a COMMIT of a failed transaction says ROLLBACK.
  std::string_view command() const { return PQcmdStatus(result_.get()); }

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

// Not thread-safe. After a failure `failure()` says what it was, until ForgetFailure: who decides
// within a transaction may swallow a status, and the transaction must be given up all the same.
class Connection {
 public:
  // UNAVAILABLE, also when it leads nowhere but to a primary that another took over from; or
  // FAILED_PRECONDITION when the login is refused.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const PostgresSession& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs the calls in one round trip; each one's rows. The first that fails ends the others, and
  // the transaction they stand in. `patience` bounds the wait for each answer; a session whose
  // answer does not come within it is given up.
  absl::StatusOr<std::vector<Rows>> RunAll(std::span<const Call> calls, Micros patience);
  absl::StatusOr<Rows> Run(const Statement& statement, Parameters parameters = {});
  // Several statements without parameters, for migrations. All or nothing.
  absl::Status RunScript(const std::string& sql, Micros patience);

  // A little more than the server's own timeout of a statement.
  Micros patience() const { return patience_; }
  const SqlFailure& failure() const { return failure_; }
  void ForgetFailure() { failure_ = {}; }
  // Whether it leads to a standby, as the server said last.
  bool IsStandby() const;
  // It is of no use to whoever has it, nor to others.
  void GiveUp() { failure_.ends_session = true; }
  // Whether a newer primary was met since: what this one says need not hold any more.
  bool IsOfOldPrimary() const { return newest_timeline_->IsOld(timeline_); }
  // How many warnings the server has sent.
  uint64_t warnings() const { return warnings_; }

  // Ends the transaction that was left open, if any. False: the session is of no more use.
  bool Reset();
  // As an SQL identifier, quoted.
  absl::StatusOr<std::string> Quoted(std::string_view identifier);

 private:
  Connection(PGconn* connection, std::shared_ptr<NewestTimeline> newest_timeline)
      : connection_(connection, PQfinish), newest_timeline_(std::move(newest_timeline)) {}

  // To the hosts of the connection string, or to these.
  static absl::StatusOr<std::unique_ptr<Connection>> Connect(const PostgresSession& options,
                                                             const Hosts& hosts);
  absl::Status Configure(const PostgresSession& options);
  // Learns which one it is, and tells the other sessions.
  absl::Status MeetPrimary();
  absl::Status Fail(SqlFailure failure);
  // Sends what is not prepared yet, and the calls.
  bool Send(std::span<const Call> calls, std::vector<const Statement*>& preparing);
  // The next result, or null between two statements.
  absl::StatusOr<PGresult*> Next(Micros end);
  // The result of one statement. UNAVAILABLE is about the session; what the server thinks of the
  // statement goes to `refusal`, if nothing is there yet.
  absl::StatusOr<Rows> Collect(Micros patience, SqlFailure& refusal);
  absl::Status WaitForSocket(Micros end);

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  const std::shared_ptr<NewestTimeline> newest_timeline_;
  uint64_t timeline_ = 0;  // of a primary that has some
  bool began_on_standby_ = false;
  std::set<const Statement*> prepared_;
  SqlFailure failure_;
  Micros patience_ = 0;
  uint64_t warnings_ = 0;
};

}  // namespace caseledger::eventstore::postgres
