#include "tests/bench/limits/postgres.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/integration/support/child_process.h"

namespace caseledger::bench {
namespace {

constexpr char kBin[] = "/usr/lib/postgresql/15/bin/";
constexpr char kPort[] = "54399";  // names the socket only; nothing listens on the network
constexpr int kEventsPerStream = 3;

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

constexpr char kSchema[] = R"sql(
create table stream (id uuid primary key, version bigint not null);
create table event (
  position bigserial primary key,
  stream uuid not null,
  version bigint not null,
  request uuid not null unique,
  recorded_at timestamptz not null default now(),
  payload bytea not null,
  unique (stream, version));
)sql";

constexpr char kCheck[] = "select coalesce(max(version), 0) from event where stream = $1::uuid";
constexpr char kInsert[] =
    "insert into event (stream, version, request, payload) values ($1::uuid, $2::bigint, "
    "$3::uuid, $4)";
constexpr char kConditionalInsert[] =
    "insert into event (stream, version, request, payload) select $1::uuid, $2::bigint, $3::uuid, "
    "$4 where (select coalesce(max(version), 0) from event where stream = $1::uuid) = $2::bigint - "
    "1";

absl::Status Check(PGconn* connection, const Answer& answer) {
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return absl::OkStatus();
  return absl::UnavailableError(StrCat("PostgreSQL: ", PQerrorMessage(connection)));
}

absl::Status Run(PGconn* connection, const char* sql) {
  return Check(connection, Answer(PQexec(connection, sql), PQclear));
}

// One connection that appends.
class Appender {
 public:
  Appender(Connection connection, uint64_t seed, size_t payload_bytes)
      : connection_(std::move(connection)), random_(seed), payload_(payload_bytes, 'x') {}

  absl::Status Prepare() {
    for (const auto& [name, sql] : {std::pair{"check", kCheck}, std::pair{"insert", kInsert},
                                    std::pair{"conditional", kConditionalInsert}}) {
      RETURN_IF_ERROR(Check(get(), Answer(PQprepare(get(), name, sql, 0, nullptr), PQclear)));
    }
    return absl::OkStatus();
  }

  absl::Status AppendOne(PostgresCluster::Form form) {
    if (version_ % kEventsPerStream == 0) {
      stream_ = NewId();
      version_ = 0;
    }
    ++version_;
    if (form == PostgresCluster::Form::kOneStatement) return Execute("conditional", 4);
    RETURN_IF_ERROR(Run(get(), "begin"));
    RETURN_IF_ERROR(Execute("check", 1));
    RETURN_IF_ERROR(Execute("insert", 4));
    return Run(get(), "commit");
  }

 private:
  PGconn* get() { return connection_.get(); }

  std::string NewId() {
    char text[37];
    std::snprintf(text, sizeof text, "%08x-%04x-4%03x-8%03x-%012llx",
                  static_cast<unsigned>(random_()), static_cast<unsigned>(random_() & 0xffff),
                  static_cast<unsigned>(random_() & 0xfff),
                  static_cast<unsigned>(random_() & 0xfff),
                  static_cast<unsigned long long>(random_() & 0xffffffffffff));
    return text;
  }

  absl::Status Execute(const char* name, int count) {
    const std::string version = StrCat(version_);
    const std::string request = NewId();
    const char* values[] = {stream_.c_str(), version.c_str(), request.c_str(), payload_.data()};
    const int lengths[] = {0, 0, 0, static_cast<int>(payload_.size())};
    const int formats[] = {0, 0, 0, 1};
    const Answer answer(PQexecPrepared(get(), name, count, values, lengths, formats, 0), PQclear);
    RETURN_IF_ERROR(Check(get(), answer));
    if (std::string(PQcmdTuples(answer.get())) != "1") {
      return absl::AbortedError("PostgreSQL: the stream is not at the expected version");
    }
    return absl::OkStatus();
  }

  Connection connection_;
  std::mt19937_64 random_;
  const std::string payload_;
  std::string stream_;
  int version_ = 0;
};

class Cluster final : public PostgresCluster {
 public:
  explicit Cluster(std::string directory) : directory_(std::move(directory)) {}

  absl::Status Start() {
    const std::string data = directory_ + "/postgres";
    std::filesystem::create_directories(data);
    // PostgreSQL refuses to run as root.
    if (geteuid() == 0) {
      as_owner_ = {"/usr/sbin/runuser", "-u", "postgres", "--"};
      RETURN_IF_ERROR(Do({"/bin/chown", "postgres", data}));
      RETURN_IF_ERROR(Do({"/bin/chmod", "o+x", directory_}));
    }
    RETURN_IF_ERROR(Do(AsOwner({StrCat(kBin, "initdb"), "--pgdata", data, "--auth", "trust",
                                "--username", "bench", "--encoding", "UTF8", "--no-locale"})));
    process_ = std::make_unique<testing::ChildProcess>(
        AsOwner({StrCat(kBin, "postgres"), "-D", data, "-k", data, "-p", kPort, "-c",
                 "listen_addresses=", "-c", "fsync=on", "-c", "synchronous_commit=on", "-c",
                 "shared_buffers=256MB", "-c", "max_connections=300"}));
    if (!process_->WaitForError("ready to accept connections")) {
      return absl::UnavailableError(StrCat("PostgreSQL did not start: ", process_->err()));
    }
    socket_ = data;
    ASSIGN_OR_RETURN(const Connection connection, Connect());
    return Run(connection.get(), kSchema);
  }

  ~Cluster() override {
    if (process_ != nullptr) {
      // The postmaster is found by its own file: before it may stand the program that changed the
      // user.
      testing::RunToEnd(AsOwner(
          {StrCat(kBin, "pg_ctl"), "stop", "-m", "immediate", "-D", directory_ + "/postgres"}));
      process_->Wait();
    }
  }

  absl::StatusOr<std::string> CreateDatabase(const std::string& name) override {
    ASSIGN_OR_RETURN(const Connection connection, Connect());
    RETURN_IF_ERROR(Run(connection.get(), StrCat("create database ", name).c_str()));
    return StrCat("host=", socket_, " port=", kPort, " user=bench dbname=", name);
  }

  absl::StatusOr<LoadResult> ReadEvents(const std::string& dsn,
                                        const std::string& ledger) override {
    const Connection connection(PQconnectdb(dsn.c_str()), PQfinish);
    const std::unique_ptr<char, decltype(&PQfreemem)> name(
        PQescapeLiteral(connection.get(), ledger.data(), ledger.size()), PQfreemem);
    if (name == nullptr) {
      return absl::UnavailableError(StrCat("PostgreSQL: ", PQerrorMessage(connection.get())));
    }
    const std::string copy =
        StrCat("copy (select record from caseledger.event where ledger = ", name.get(),
               " order by position) to stdout (format binary)");
    LoadResult result;
    const auto start = SteadyClock::now();
    const std::unique_ptr<PGresult, decltype(&PQclear)> begun(
        PQexec(connection.get(), copy.c_str()), PQclear);
    if (PQresultStatus(begun.get()) != PGRES_COPY_OUT) {
      return absl::UnavailableError(StrCat("PostgreSQL: ", PQerrorMessage(connection.get())));
    }
    char* row = nullptr;
    while (PQgetCopyData(connection.get(), &row, 0) > 0) {
      PQfreemem(row);
      result.latency.Add(start);
    }
    result.seconds = SecondsSince(start);
    return result;
  }

  absl::StatusOr<LoadResult> Append(Form form, int connections, size_t payload_bytes,
                                    double seconds) override {
    std::vector<std::unique_ptr<Appender>> appenders;
    for (int i = 0; i < connections; ++i) {
      ASSIGN_OR_RETURN(Connection connection, Connect());
      appenders.push_back(
          std::make_unique<Appender>(std::move(connection), seed_++, payload_bytes));
      RETURN_IF_ERROR(appenders.back()->Prepare());
    }
    LoadResult result;
    std::mutex mutex;
    const auto start = SteadyClock::now();
    std::vector<std::thread> threads;
    for (const auto& appender : appenders) {
      threads.emplace_back([&, one = appender.get()] {
        Samples samples;
        absl::Status status;
        while (status.ok() && SecondsSince(start) < seconds) {
          const auto begin = SteadyClock::now();
          status = one->AppendOne(form);
          if (status.ok()) samples.Add(begin);
        }
        const std::lock_guard lock(mutex);
        result.latency.Merge(std::move(samples));
        if (!status.ok() && result.failed++ == 0) result.first_error = status.ToString();
      });
    }
    for (std::thread& thread : threads) thread.join();
    result.seconds = SecondsSince(start);
    return result;
  }

 private:
  std::vector<std::string> AsOwner(std::vector<std::string> command) const {
    command.insert(command.begin(), as_owner_.begin(), as_owner_.end());
    return command;
  }

  absl::Status Do(const std::vector<std::string>& command) const {
    const testing::Finished finished = testing::RunToEnd(command);
    if (finished.code == 0) return absl::OkStatus();
    return absl::UnavailableError(StrCat(command.front(), " failed: ", finished.err));
  }

  absl::StatusOr<Connection> Connect() const {
    const std::string where =
        StrCat("host=", socket_, " port=", kPort, " user=bench dbname=postgres");
    Connection connection(PQconnectdb(where.c_str()), PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) {
      return absl::UnavailableError(StrCat("PostgreSQL: ", PQerrorMessage(connection.get())));
    }
    return connection;
  }

  const std::string directory_;
  std::vector<std::string> as_owner_;
  std::unique_ptr<testing::ChildProcess> process_;
  std::string socket_;
  uint64_t seed_ = 1;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PostgresCluster>> StartPostgres(const std::string& directory) {
  if (!std::filesystem::exists(StrCat(kBin, "postgres"))) {
    return absl::NotFoundError(
        "PostgreSQL 15 is not installed; deploy/install-packages.sh bench installs it");
  }
  auto cluster = std::make_unique<Cluster>(directory);
  RETURN_IF_ERROR(cluster->Start());
  return cluster;
}

}  // namespace caseledger::bench
