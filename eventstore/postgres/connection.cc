#include "eventstore/postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <tuple>
#include <utility>

#include "eventstore/base/big_endian.h"
#include "eventstore/base/scheduler.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/postgres/dsn.h"
#include "eventstore/postgres/hosts.h"

namespace caseledger::eventstore::postgres {
namespace {

constexpr Micros kMicrosPerMilli = 1000;
constexpr int kBinary = 1;

// Reads are by key and in the order of keys: a plan made while a table was small must not scan it
// when it has grown, and none is worth compiling. An answer means durable, whatever the database's
// default.
constexpr Statement kConfigure = {
    "configure",
    "select set_config('statement_timeout', $1::text, false), "
    "set_config('lock_timeout', $1::text, false), "
    "set_config('idle_in_transaction_session_timeout', $2::text, false), "
    "set_config('enable_seqscan', 'off', false), "
    "set_config('enable_bitmapscan', 'off', false), "
    "set_config('jit', 'off', false), "
    "set_config('synchronous_commit', 'on', false)"};
constexpr Statement kRollback = {"rollback", "rollback"};
// The first eight digits of the name of the file that a primary writes to. 0: a standby's.
constexpr Statement kTimeline = {"timeline",
                                 "select case when pg_is_in_recovery() then 0 else ('x' || left("
                                 "pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int8 end"};

std::string Millis(Micros micros) { return StrCat(micros / kMicrosPerMilli); }

std::string_view TextOf(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

SqlFailure FailureIn(const PGresult* result) {
  return FailureOf(TextOf(PQresultErrorField(result, PG_DIAG_SQLSTATE)),
                   TextOf(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
}

void CountWarning(void* warnings, const PGresult* notice) {
  if (TextOf(PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED)) == "WARNING") {
    ++*static_cast<uint64_t*>(warnings);
  }
}

// What libpq wrote last, without its end: it names hosts and never values.
std::string_view ErrorOf(const PGconn* connection) {
  std::string_view text = TextOf(PQerrorMessage(connection));
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

// Where the connection could have led.
Hosts HostsOf(PGconn* connection) {
  Hosts hosts;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfo(connection),
                                                                             PQconninfoFree);
  for (const PQconninfoOption* each = options.get(); each != nullptr && each->keyword != nullptr;
       ++each) {
    const std::string_view keyword = each->keyword;
    if (keyword == "host") hosts.host = TextOf(each->val);
    if (keyword == "hostaddr") hosts.hostaddr = TextOf(each->val);
    if (keyword == "port") hosts.port = TextOf(each->val);
  }
  return hosts;
}

// libpq counts connect_timeout in seconds and takes less than two for two.
std::string WholeSeconds(Micros micros) {
  return StrCat(std::max<Micros>(2, (micros + kMicrosPerSecond - 1) / kMicrosPerSecond));
}

}  // namespace

std::string_view Rows::Bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

int64_t Rows::Int8(int row, int column) const {
  const std::string_view bytes = Bytes(row, column);
  return bytes.size() == sizeof(int64_t) ? static_cast<int64_t>(ReadBigEndian<uint64_t>(bytes)) : 0;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const PostgresSession& options) {
  RETURN_IF_ERROR(CheckPostgresDsn(options.dsn));
  Hosts hosts;
  // libpq takes the first host that calls itself a primary, each time. Every turn leaves one out,
  // so it comes to its end.
  while (true) {
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connect(options, hosts));
    RETURN_IF_ERROR(connection->MeetPrimary());
    if (!connection->IsOfOldPrimary()) return connection;
    const PGconn* raw = connection->connection_.get();
    std::optional<Hosts> others =
        HostsWithout(HostsOf(connection->connection_.get()), TextOf(PQhost(raw)),
                     TextOf(PQhostaddr(raw)), TextOf(PQport(raw)));
    if (!others) {
      return absl::UnavailableError(
          "PostgreSQL: reached a primary that another has taken over from and that was not stopped "
          "yet");
    }
    hosts = *std::move(others);
  }
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Connect(const PostgresSession& options,
                                                                const Hosts& hosts) {
  const std::string seconds = WholeSeconds(options.connect_timeout);
  const std::string millis = Millis(options.unreceived_timeout);
  // Later ones win, but empty ones, so the connection string stands first.
  const std::array<std::pair<const char*, const char*>, 9> settings = {
      {{"fallback_application_name", "caseledger"},
       {"dbname", options.dsn.c_str()},
       {"host", hosts.host.c_str()},
       {"hostaddr", hosts.hostaddr.c_str()},
       {"port", hosts.port.c_str()},
       {"connect_timeout", seconds.c_str()},
       {"tcp_user_timeout", millis.c_str()},
       {"client_encoding", "UTF8"},
       {nullptr, nullptr}}};
  std::array<const char*, settings.size()> keys{};
  std::array<const char*, settings.size()> values{};
  for (size_t i = 0; i < settings.size(); ++i) std::tie(keys[i], values[i]) = settings[i];
  std::unique_ptr<Connection> connection(new Connection(
      PQconnectdbParams(keys.data(), values.data(), /*expand_dbname=*/1), options.newest_timeline));
  PGconn* raw = connection->connection_.get();
  if (PQstatus(raw) != CONNECTION_OK) {
    return absl::UnavailableError(StrCat("cannot connect to PostgreSQL: ", ErrorOf(raw),
                                         ". Check --dsn, and that the database runs"));
  }
  RETURN_IF_ERROR(connection->Configure(options));
  return connection;
}

absl::Status Connection::Configure(const PostgresSession& options) {
  PGconn* raw = connection_.get();
  PQsetNoticeReceiver(raw, CountWarning, &warnings_);
  if (PQsetnonblocking(raw, 1) != 0 || PQenterPipelineMode(raw) != 1) {
    return Fail(LostConnection(ErrorOf(raw)));
  }
  const Micros server = options.statement_timeout;
  patience_ = server == 0 ? kMicrosPerSecond * 24 * 3600 : server + 2 * kMicrosPerSecond;
  Parameters parameters;
  parameters.Text(Millis(server)).Text(Millis(options.idle_in_transaction_timeout));
  return Run(kConfigure, std::move(parameters)).status();
}

absl::Status Connection::MeetPrimary() {
  const absl::StatusOr<Rows> rows = Run(kTimeline);
  if (rows.ok()) {
    timeline_ = rows->Number(0, 0);
  } else {
    // But of a database that does not know what it is asked, such as YugabyteDB.
    if (!absl::IsInternal(rows.status())) return rows.status();
    ForgetFailure();
  }
  began_on_standby_ = IsStandby();
  newest_timeline_->Meet(timeline_);
  return absl::OkStatus();
}

bool Connection::IsStandby() const {
  return TextOf(PQparameterStatus(connection_.get(), "in_hot_standby")) == "on";
}

absl::Status Connection::Fail(SqlFailure failure) {
  // What follows a failure in its transaction says nothing of why.
  if (failure.follows && failure_.kind != FailureKind::kNone) return failure_.status;
  failure_ = std::move(failure);
  return failure_.status;
}

absl::StatusOr<Rows> Connection::Run(const Statement& statement, Parameters parameters) {
  const Call call{&statement, std::move(parameters)};
  ASSIGN_OR_RETURN(std::vector<Rows> rows, RunAll({&call, 1}, patience_));
  return std::move(rows.front());
}

bool Connection::Send(std::span<const Call> calls, std::vector<const Statement*>& preparing) {
  PGconn* raw = connection_.get();
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const Call& call : calls) {
    const Statement* statement = call.statement;
    if (!prepared_.contains(statement) &&
        std::find(preparing.begin(), preparing.end(), statement) == preparing.end()) {
      if (PQsendPrepare(raw, statement->name, statement->sql, 0, nullptr) != 1) return false;
      preparing.push_back(statement);
    }
    values.clear();
    lengths.clear();
    for (const std::string& value : call.parameters.values()) {
      values.push_back(value.data());
      lengths.push_back(static_cast<int>(value.size()));
    }
    const std::vector<int> formats(values.size(), kBinary);
    if (PQsendQueryPrepared(raw, statement->name, static_cast<int>(values.size()), values.data(),
                            lengths.data(), formats.data(), kBinary) != 1) {
      return false;
    }
  }
  return PQpipelineSync(raw) == 1;
}

absl::StatusOr<std::vector<Rows>> Connection::RunAll(std::span<const Call> calls, Micros patience) {
  std::vector<const Statement*> preparing;
  if (!Send(calls, preparing)) return Fail(LostConnection(ErrorOf(connection_.get())));
  std::vector<Rows> rows;
  rows.reserve(calls.size());
  SqlFailure refusal;
  size_t preparations = 0;
  for (const Call& call : calls) {
    if (preparations < preparing.size() && preparing[preparations] == call.statement) {
      ++preparations;
      RETURN_IF_ERROR(Collect(patience, refusal).status());
      if (refusal.status.ok()) prepared_.insert(call.statement);
    }
    ASSIGN_OR_RETURN(Rows of_call, Collect(patience, refusal));
    rows.push_back(std::move(of_call));
  }
  ASSIGN_OR_RETURN(PGresult * sync, Next(MonotonicNow() + patience));
  const Rows synced(sync);
  if (!refusal.status.ok()) return Fail(std::move(refusal));
  if (IsOfOldPrimary()) return Fail(LostConnection("another primary has taken over meanwhile"));
  // Whose timeline is not known.
  if (began_on_standby_ && !IsStandby()) return Fail(LostConnection("it was a standby before"));
  return rows;
}

absl::StatusOr<Rows> Connection::Collect(Micros patience, SqlFailure& refusal) {
  const Micros end = MonotonicNow() + patience;
  ASSIGN_OR_RETURN(PGresult * first, Next(end));
  Rows rows(first);
  const ExecStatusType status = PQresultStatus(first);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && refusal.status.ok()) {
    refusal = FailureIn(first);
  }
  while (true) {
    if (PQstatus(connection_.get()) == CONNECTION_BAD) {
      // What the server said last tells more than that it went away.
      if (refusal.status.ok()) refusal = LostConnection(ErrorOf(connection_.get()));
      refusal.ends_session = true;
      return Fail(refusal);
    }
    ASSIGN_OR_RETURN(PGresult * more, Next(end));
    if (more == nullptr) return rows;
    PQclear(more);
  }
}

absl::StatusOr<PGresult*> Connection::Next(Micros end) {
  PGconn* raw = connection_.get();
  while (true) {
    if (PQstatus(raw) == CONNECTION_BAD || PQflush(raw) < 0) {
      return Fail(LostConnection(ErrorOf(raw)));
    }
    if (PQisBusy(raw) == 0) return PQgetResult(raw);
    RETURN_IF_ERROR(WaitForSocket(end));
    // A failure shows in the result: it may hold what the server said before it went.
    if (PQconsumeInput(raw) == 0) return PQgetResult(raw);
  }
}

absl::Status Connection::WaitForSocket(Micros end) {
  PGconn* raw = connection_.get();
  pollfd waiting{PQsocket(raw), POLLIN, 0};
  if (PQflush(raw) == 1) waiting.events |= POLLOUT;
  while (true) {
    const Micros left = end - MonotonicNow();
    if (left <= 0) return Fail(LostConnection("no answer in time"));
    const int ready = poll(&waiting, 1, static_cast<int>(left / kMicrosPerMilli) + 1);
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return Fail(LostConnection("its socket fails"));
  }
}

absl::Status Connection::RunScript(const std::string& sql, Micros patience) {
  PGconn* raw = connection_.get();
  if (PQexitPipelineMode(raw) != 1 || PQsendQuery(raw, sql.c_str()) != 1) {
    return Fail(LostConnection(ErrorOf(raw)));
  }
  const Micros end = MonotonicNow() + patience;
  SqlFailure refusal;
  while (true) {
    ASSIGN_OR_RETURN(PGresult * result, Next(end));
    if (result == nullptr) break;
    const Rows rows(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) refusal = FailureIn(result);
  }
  if (!refusal.status.ok()) return Fail(std::move(refusal));
  if (PQenterPipelineMode(raw) != 1) return Fail(LostConnection(ErrorOf(raw)));
  return absl::OkStatus();
}

bool Connection::Reset() {
  if (failure_.ends_session || PQstatus(connection_.get()) != CONNECTION_OK) return false;
  failure_ = {};
  const PGTransactionStatusType state = PQtransactionStatus(connection_.get());
  if (state == PQTRANS_IDLE) return true;
  if (state == PQTRANS_ACTIVE || state == PQTRANS_UNKNOWN) return false;
  return Run(kRollback).ok();
}

absl::StatusOr<std::string> Connection::Quoted(std::string_view identifier) {
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
      PQescapeIdentifier(connection_.get(), identifier.data(), identifier.size()), PQfreemem);
  if (quoted == nullptr) return absl::InvalidArgumentError("not an SQL identifier");
  return std::string(quoted.get());
}

}  // namespace caseledger::eventstore::postgres
