#include "eventstore/postgres/lease.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "eventstore/base/scheduler.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/postgres/schema.h"

namespace caseledger::eventstore {
namespace {

using postgres::ConnectionPool;
using postgres::Parameters;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kLook = {
    "look_at_lease",
    "select token, beat, patience, holder, address from caseledger.vault where vault = $1"};
constexpr Statement kMake = {"make_lease",
                             "insert into caseledger.vault (vault, token, beat, patience, holder) "
                             "values ($1, 0, 0, 0, '') on conflict do nothing"};
constexpr Statement kTake = {
    "take_lease",
    "update caseledger.vault set token = token + 1, beat = 0, holder = $4, patience = $5, "
    "address = $6 "
    "where vault = $1 and token = $2 and beat = $3"};
constexpr Statement kBeat = {
    "beat", "update caseledger.vault set beat = beat + 1 where vault = $1 and token = $2"};
constexpr Statement kGiveBack = {
    "give_lease_back",
    "update caseledger.vault set holder = '', address = '' where vault = $1 and token = $2"};
constexpr Statement kFence = {
    "fence_ledger", "update caseledger.log_head set fence = $2 where ledger = $1 and fence <= $2"};
constexpr Statement kFindFence = {"find_fence",
                                  "select fence from caseledger.log_head where ledger = $1"};

constexpr Statement kEndStuck = {
    "end_stuck",
    "select pg_terminate_backend(a.pid) from pg_stat_activity a where a.usename = current_user "
    "and a.datname = current_database() and a.pid <> pg_backend_pid() "
    "and a.xact_start < clock_timestamp() - $1::int8 * interval '1 microsecond' "
    "and exists (select from pg_locks l where l.pid = a.pid and l.granted "
    "and l.mode in ('RowShareLock', 'RowExclusiveLock') and l.relation in "
    "('caseledger.log_head'::regclass, 'caseledger.vault'::regclass))"};

constexpr int kLooksInPatience = 10;
constexpr int kBeatsInPatience = 5;
// The last quarter is for answers under way, and for clocks that do not run alike.
constexpr int kSureQuarters = 3;
// One for the thread that beats, one for the others.
constexpr size_t kSessions = 2;
constexpr Micros kWaitForSession = kMicrosPerSecond;

// A beat that hangs must not keep the next one from being sent.
PostgresSession SessionOf(const PostgresLeaseOptions& options) {
  PostgresSession session = options.session;
  session.statement_timeout = std::max<Micros>(options.patience / 2, kMicrosPerSecond / 2);
  session.connect_timeout = std::min(session.connect_timeout, session.statement_timeout);
  return session;
}

absl::Status Lost() {
  return absl::FailedPreconditionError(
      "another server has taken the ledgers over, because this one was silent for too long");
}

// Committed, perhaps not to stay.
absl::Status NotReplicated() { return absl::UnavailableError("the standbys do not answer"); }

}  // namespace

PostgresLease::PostgresLease(PostgresLeaseOptions options)
    : options_(std::move(options)), pool_(SessionOf(options_), kSessions, kWaitForSession) {}

PostgresLease::~PostgresLease() { GiveBack(); }

absl::StatusOr<PostgresLease::Row> PostgresLease::Look() {
  ASSIGN_OR_RETURN(const ConnectionPool::Lease session, pool_.Take());
  RETURN_IF_ERROR(postgres::CheckDatabase(*session));
  ASSIGN_OR_RETURN(const Rows rows, session->Run(kLook, Parameters().Text(options_.vault)));
  if (rows.count() == 0) return Row{};
  return Row{rows.Int8(0, 0), rows.Int8(0, 1), rows.Int8(0, 2), std::string(rows.Bytes(0, 3)),
             std::string(rows.Bytes(0, 4))};
}

absl::StatusOr<bool> PostgresLease::TakeFrom(const Row& row) {
  ASSIGN_OR_RETURN(const ConnectionPool::Lease session, pool_.Take());
  RETURN_IF_ERROR(session->Run(kMake, Parameters().Text(options_.vault)).status());
  Parameters parameters;
  parameters.Text(options_.vault).Int8(row.token).Int8(row.beat).Text(options_.holder);
  parameters.Int8(options_.patience).Text(options_.address);
  const uint64_t warnings = session->warnings();
  const Micros asked = MonotonicNow();
  ASSIGN_OR_RETURN(const Rows taken, session->Run(kTake, std::move(parameters)));
  if (session->warnings() != warnings) return NotReplicated();
  if (taken.written() != "1") return false;
  const MutexLock lock(&mutex_);
  sure_until_ = asked + options_.patience * kSureQuarters / 4;
  token_ = row.token + 1;
  return true;
}

absl::Status PostgresLease::Take(GoOn go_on) {
  std::optional<Row> seen;
  Micros since = 0;
  while (true) {
    const Micros asked = MonotonicNow();
    const absl::StatusOr<Row> row = Look();
    absl::Status why = row.status();
    std::optional<std::string> address;
    if (row.ok()) {
      address = row->address;
      holders_patience_ = std::max(holders_patience_, row->patience);
      if (seen != *row) {
        seen = *row;
        since = MonotonicNow();
      }
      if (row->holder.empty() || asked - since >= row->patience) {
        const absl::StatusOr<bool> taken = TakeFrom(*row);
        if (taken.ok() && *taken) break;
        why = taken.status();
        if (!why.ok()) EndStuckTransactions();
      }
      if (why.ok()) {
        why = absl::FailedPreconditionError(StrCat("the ledgers are served by ", row->holder));
      }
    } else if (!absl::IsUnavailable(why)) {
      return why;
    } else {
      // The holder could not beat either.
      seen.reset();
    }
    if (!go_on({why, holders_patience_, address})) return why;
    MutexLock lock(&mutex_);
    mutex_.AwaitFor(this, &PostgresLease::stopping,
                    std::chrono::microseconds(options_.patience / kLooksInPatience));
  }
  thread_ = Thread("lease", [this] { Run(); });
  return absl::OkStatus();
}

absl::Status PostgresLease::FenceOnce(std::string_view ledger) {
  ASSIGN_OR_RETURN(const ConnectionPool::Lease session, pool_.Take());
  ASSIGN_OR_RETURN(const Rows fenced,
                   session->Run(kFence, Parameters().Text(ledger).Int8(token())));
  if (fenced.written() == "1") return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows found, session->Run(kFindFence, Parameters().Text(ledger)));
  if (found.count() == 0) return absl::NotFoundError(StrCat("no ledger ", ledger));
  return Lost();
}

Micros PostgresLease::LongestTransaction() const {
  return std::max(options_.session.idle_in_transaction_timeout, holders_patience_);
}

void PostgresLease::EndStuckTransactions() {
  const absl::StatusOr<ConnectionPool::Lease> session = pool_.Take();
  if (!session.ok()) return;
  // Where it does not come through, the next attempt does.
  (*session)->Run(kEndStuck, Parameters().Int8(LongestTransaction())).status().IgnoreError();
}

absl::Status PostgresLease::Guard(std::string_view ledger) {
  // Until a transaction that is left open is ended, and a while to be the next.
  const Micros end = MonotonicNow() + LongestTransaction() + 2 * options_.patience;
  while (true) {
    absl::Status fenced = FenceOnce(ledger);
    if (!absl::IsUnavailable(fenced) || MonotonicNow() >= end) return fenced;
    EndStuckTransactions();
    MutexLock lock(&mutex_);
    mutex_.AwaitFor(this, &PostgresLease::stopping,
                    std::chrono::microseconds(options_.patience / kLooksInPatience));
    if (stopping_) return fenced;
  }
}

absl::Status PostgresLease::Check() const {
  const MutexLock lock(&mutex_);
  if (lost_) return Lost();
  if (MonotonicNow() < sure_until_) return absl::OkStatus();
  return absl::UnavailableError(
      "the database does not answer, so another server may have taken the ledgers over");
}

void PostgresLease::Run() {
  while (true) {
    {
      MutexLock lock(&mutex_);
      mutex_.AwaitFor(this, &PostgresLease::stopping,
                      std::chrono::microseconds(options_.patience / kBeatsInPatience));
      if (stopping_) return;
    }
    // One failure is no doubt yet: the next beat may come through in time.
    absl::Status status = Beat();
    if (absl::IsUnavailable(status) && Check().ok()) continue;
    Tell(status);
    if (!status.ok() && !absl::IsUnavailable(status)) return;
  }
}

absl::Status PostgresLease::Beat() {
  const Micros asked = MonotonicNow();
  absl::StatusOr<ConnectionPool::Lease> session = pool_.Take();
  if (!session.ok()) return absl::UnavailableError(session.status().message());
  const uint64_t warnings = (*session)->warnings();
  const absl::StatusOr<Rows> beaten =
      (*session)->Run(kBeat, Parameters().Text(options_.vault).Int8(token()));
  // Whatever else the database says, it may say something better next time.
  if (!beaten.ok()) return absl::UnavailableError(beaten.status().message());
  if ((*session)->warnings() != warnings) return NotReplicated();
  const MutexLock lock(&mutex_);
  if (beaten->written() == "1") {
    sure_until_ = asked + options_.patience * kSureQuarters / 4;
    return absl::OkStatus();
  }
  lost_ = true;
  return Lost();
}

void PostgresLease::Tell(const absl::Status& status) {
  if (status.code() == told_.code()) return;
  told_ = status;
  if (options_.on_change) options_.on_change(status);
}

void PostgresLease::GiveBack() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (!thread_.joinable()) return;
  thread_.Join();
  const int64_t token = token_.exchange(0);
  const absl::StatusOr<ConnectionPool::Lease> session = pool_.Take();
  if (!session.ok()) return;
  // Whoever waits finds out by waiting when this does not come through.
  (*session)->Run(kGiveBack, Parameters().Text(options_.vault).Int8(token)).status().IgnoreError();
}

}  // namespace caseledger::eventstore
