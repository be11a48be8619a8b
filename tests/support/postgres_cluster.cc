#include "tests/support/postgres_cluster.h"

#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "gtest/gtest.h"
#include "tests/support/postgres_programs.h"

namespace caseledger::testing {
namespace {

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

constexpr std::chrono::seconds kPatience{60};

}  // namespace

SqlSession::SqlSession(const std::string& dsn) : connection_(PQconnectdb(dsn.c_str())) {
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
}

SqlSession::~SqlSession() { PQfinish(connection_); }

absl::StatusOr<std::vector<std::string>> SqlSession::Query(const std::string& sql) {
  const Answer answer(PQexec(connection_, sql.c_str()), PQclear);
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return absl::UnavailableError(StrCat(sql, ": ", PQerrorMessage(connection_)));
  }
  std::vector<std::string> values;
  values.reserve(static_cast<size_t>(PQntuples(answer.get())));
  for (int row = 0; row < PQntuples(answer.get()); ++row) {
    values.emplace_back(PQgetvalue(answer.get(), row, 0));
  }
  return values;
}

void SqlSession::StopInTheMiddle() {
  EXPECT_EQ(PQenterPipelineMode(connection_), 1);
  EXPECT_EQ(PQsendQueryParams(connection_, "select 1", 0, nullptr, nullptr, nullptr, nullptr, 0),
            1);
  EXPECT_EQ(PQflush(connection_), 0);
}

bool SqlSession::Await(const std::string& sql) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    const auto answer = Query(sql);
    if (answer.ok() && *answer == std::vector<std::string>{"t"}) return true;
    poll(nullptr, 0, 2);
  }
  ADD_FAILURE() << "never came true: " << sql;
  return false;
}

absl::StatusOr<std::unique_ptr<PostgresCluster>> PostgresCluster::Start() {
  RETURN_IF_ERROR(CheckPostgresPrograms());
  std::unique_ptr<PostgresCluster> cluster(new PostgresCluster);
  RETURN_IF_ERROR(cluster->Make());
  RETURN_IF_ERROR(cluster->StartServer());
  RETURN_IF_ERROR(cluster->AwaitAnswer());
  for (const char* role : {kOwner, kServerRole}) {
    RETURN_IF_ERROR(cluster->Query("postgres", StrCat("create role ", role, " login")).status());
  }
  return cluster;
}

PostgresCluster* PostgresCluster::Shared() {
  static const auto cluster = Start();
  if (cluster.ok()) return cluster->get();
  ADD_FAILURE() << cluster.status();
  return nullptr;
}

PostgresCluster::~PostgresCluster() {
  Stop();
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

absl::Status PostgresCluster::Make() {
  ASSIGN_OR_RETURN(directory_, MakePostgresDirectory());
  return RunPostgresProgram({"initdb", "--pgdata", directory_ + "/data", "--auth", "trust",
                             "--username", kSuperuser, "--encoding", "UTF8", "--no-locale"},
                            directory_ + "/initdb.log");
}

absl::Status PostgresCluster::StartServer() {
  ASSIGN_OR_RETURN(server_, SpawnPostgresServer(directory_));
  return absl::OkStatus();
}

absl::Status PostgresCluster::AwaitAnswer() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const std::string dsn = Dsn("postgres", kSuperuser);
  while (PQping(dsn.c_str()) != PQPING_OK) {
    const bool ended = waitpid(server_, nullptr, WNOHANG) != 0;
    if (ended) server_ = -1;
    if (ended || std::chrono::steady_clock::now() > end) {
      return absl::UnavailableError(
          StrCat("PostgreSQL did not start: ", WholeTextOf(directory_ + "/server.log")));
    }
    poll(nullptr, 0, 10);
  }
  return absl::OkStatus();
}

// Fast shutdown, then at once.
void PostgresCluster::Stop() {
  if (server_ <= 0) return;
  kill(server_, SIGINT);
  if (!ProcessEndsWithin(server_, kPatience)) {
    kill(server_, SIGQUIT);
    if (!ProcessEndsWithin(server_, kPatience)) ADD_FAILURE() << "PostgreSQL does not stop";
  }
  server_ = -1;
}

absl::StatusOr<std::string> PostgresCluster::CreateDatabase() {
  std::string name = StrCat("test_", ++databases_);
  RETURN_IF_ERROR(Query("postgres", StrCat("create database ", name, " owner ", kOwner)).status());
  return name;
}

std::string PostgresCluster::Dsn(const std::string& database, const std::string& role) const {
  return StrCat("host=", directory_, " dbname=", database, " user=", role);
}

absl::StatusOr<std::vector<std::string>> PostgresCluster::Query(const std::string& database,
                                                                const std::string& sql,
                                                                const std::string& role) const {
  return SqlSession(Dsn(database, role)).Query(sql);
}

}  // namespace caseledger::testing
