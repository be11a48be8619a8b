#include "tests/support/postgres_standby.h"

#include <poll.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "gtest/gtest.h"
#include "tests/support/postgres_programs.h"

namespace caseledger::testing {
namespace {

constexpr std::chrono::seconds kLongestStart{60};

}  // namespace

absl::StatusOr<std::unique_ptr<PostgresStandby>> PostgresStandby::Start(
    const PostgresCluster& cluster) {
  std::unique_ptr<PostgresStandby> standby(new PostgresStandby(cluster));
  ASSIGN_OR_RETURN(standby->directory_, MakePostgresDirectory());
  const std::string data = standby->directory_ + "/data";
  RETURN_IF_ERROR(RunPostgresProgram(
      {"pg_basebackup", "--dbname", cluster.Dsn("postgres", PostgresCluster::kSuperuser),
       "--pgdata", data, "--write-recovery-conf", "--checkpoint=fast"},
      standby->directory_ + "/basebackup.log"));
  RETURN_IF_ERROR(standby->StartServer());
  RETURN_IF_ERROR(standby->CatchUp());
  return standby;
}

absl::Status PostgresStandby::StartServer() {
  ASSIGN_OR_RETURN(server_, SpawnPostgresServer(directory_));
  return absl::OkStatus();
}

absl::Status PostgresStandby::BeStandbyAgain() {
  Stop();
  std::ofstream(directory_ + "/data/standby.signal").close();
  RETURN_IF_ERROR(StartServer());
  const auto end = std::chrono::steady_clock::now() + kLongestStart;
  while (std::chrono::steady_clock::now() < end) {
    const auto answer = SqlSession(Dsn("postgres", PostgresCluster::kSuperuser))
                            .Query("select pg_is_in_recovery()");
    if (answer.ok() && answer->at(0) == "t") return absl::OkStatus();
    poll(nullptr, 0, 10);
  }
  return absl::UnavailableError(
      StrCat("it is no standby: ", WholeTextOf(directory_ + "/server.log")));
}

PostgresStandby::~PostgresStandby() {
  Stop();
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

void PostgresStandby::Stop() {
  if (server_ <= 0) return;
  kill(server_, SIGQUIT);
  if (!ProcessEndsWithin(server_, kLongestStart)) ADD_FAILURE() << "PostgreSQL does not stop";
  server_ = -1;
}

std::string PostgresStandby::Dsn(const std::string& database, const std::string& role) const {
  return StrCat("host=", directory_, " dbname=", database, " user=", role);
}

absl::Status PostgresStandby::CatchUp() const {
  // Something to come, where the log may have come to rest at the head of a page.
  ASSIGN_OR_RETURN(const auto written,
                   cluster_.Query("postgres", "select pg_logical_emit_message(true, '', '')"));
  const std::string question =
      StrCat("select pg_last_wal_replay_lsn() >= '", written.at(0), "'::pg_lsn");
  const auto end = std::chrono::steady_clock::now() + kLongestStart;
  while (std::chrono::steady_clock::now() < end) {
    // A session for each look: at first none is let in.
    const auto answer = SqlSession(Dsn("postgres", PostgresCluster::kSuperuser)).Query(question);
    if (answer.ok() && answer->at(0) == "t") return absl::OkStatus();
    poll(nullptr, 0, 10);
  }
  return absl::UnavailableError(
      StrCat("the standby does not follow: ", WholeTextOf(directory_ + "/server.log")));
}

absl::Status PostgresStandby::Tell(const std::string& sql) const {
  return SqlSession(Dsn("postgres", PostgresCluster::kSuperuser)).Query(sql).status();
}

absl::Status PostgresStandby::Pause() const {
  RETURN_IF_ERROR(Tell("select pg_wal_replay_pause()"));
  SqlSession session(Dsn("postgres", PostgresCluster::kSuperuser));
  const bool paused = session.Await("select pg_get_wal_replay_pause_state() = 'paused'");
  return paused ? absl::OkStatus() : absl::UnavailableError("it does not pause");
}

absl::Status PostgresStandby::GoOn() const { return Tell("select pg_wal_replay_resume()"); }

absl::Status PostgresStandby::Promote() const {
  ASSIGN_OR_RETURN(const auto promoted, SqlSession(Dsn("postgres", PostgresCluster::kSuperuser))
                                            .Query("select pg_promote(true, 60)"));
  return promoted.at(0) == "t" ? absl::OkStatus() : absl::UnavailableError("it is not promoted");
}

}  // namespace caseledger::testing
