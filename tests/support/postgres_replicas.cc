#include "tests/support/postgres_replicas.h"

#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "gtest/gtest.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/postgres_programs.h"

namespace caseledger::testing {
namespace {

constexpr std::chrono::seconds kLongest{60};
constexpr char kSuper[] = "caseledger_super";

// Processes whose parent it is.
std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string stat = WholeTextOf(entry.path().string() + "/stat");
    // The name of the program in parentheses may have spaces.
    const size_t after = stat.rfind(')');
    if (after == std::string::npos) continue;
    std::istringstream fields(stat.substr(after + 1));
    char state = 0;
    pid_t of = 0;
    if (fields >> state >> of && of == parent) children.push_back(std::stoi(name));
  }
  return children;
}

absl::StatusOr<std::string> OneValue(const std::string& dsn, const std::string& sql) {
  ASSIGN_OR_RETURN(const std::vector<std::string> values, SqlSession(dsn).Query(sql));
  if (values.size() != 1) return absl::UnavailableError(StrCat(sql, ": not one row"));
  return values[0];
}

absl::Status Await(const std::string& dsn, const std::string& sql) {
  const auto end = std::chrono::steady_clock::now() + kLongest;
  absl::StatusOr<std::string> answer;
  while (std::chrono::steady_clock::now() < end) {
    answer = OneValue(dsn, sql);
    if (answer.ok() && *answer == "t") return absl::OkStatus();
    poll(nullptr, 0, 10);
  }
  return absl::UnavailableError(StrCat("never came true: ", sql, " ", answer.status().ToString()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PostgresReplicas>> PostgresReplicas::Start() {
  RETURN_IF_ERROR(CheckPostgresPrograms());
  std::unique_ptr<PostgresReplicas> replicas(new PostgresReplicas);
  for (size_t node = 0; node < kNodes; ++node) {
    ASSIGN_OR_RETURN(std::string directory, MakePostgresDirectory());
    replicas->nodes_.push_back({std::move(directory)});
  }
  RETURN_IF_ERROR(replicas->MakeFirst());
  for (size_t node = 1; node < kNodes; ++node) RETURN_IF_ERROR(replicas->MakeStandby(node));
  std::string others;
  for (size_t node = 0; node < kNodes; ++node)
    others += StrCat(node == 0 ? "" : ", ", "node", node);
  const std::string first = replicas->DsnOf(0, "postgres", kSuper);
  const std::string waits_for = StrCat("ANY 1 (", others, ")");
  // All nodes have it: any of them may be the primary.
  for (size_t node = 0; node < kNodes; ++node) {
    RETURN_IF_ERROR(
        replicas->Configure(node, StrCat("synchronous_standby_names = '", waits_for, "'")));
  }
  RETURN_IF_ERROR(Await(first, StrCat("select current_setting('synchronous_standby_names') = '",
                                      waits_for, "' and count(*) = ", kNodes - 1,
                                      " from pg_stat_replication where sync_state = 'quorum'")));
  return replicas;
}

PostgresReplicas::~PostgresReplicas() {
  for (Node& node : nodes_) Stop(node);
  for (const Node& node : nodes_) {
    std::error_code ignored;
    std::filesystem::remove_all(node.directory, ignored);
  }
}

absl::Status PostgresReplicas::MakeFirst() {
  const std::string& directory = nodes_[0].directory;
  RETURN_IF_ERROR(RunPostgresProgram({"initdb", "--pgdata", directory + "/data", "--auth", "trust",
                                      "--username", kSuper, "--encoding", "UTF8", "--no-locale"},
                                     directory + "/initdb.log"));
  RETURN_IF_ERROR(StartServer(0));
  const std::string dsn = DsnOf(0, "postgres", kSuper);
  for (const char* role : {PostgresCluster::kOwner, PostgresCluster::kServerRole}) {
    RETURN_IF_ERROR(SqlSession(dsn).Query(StrCat("create role ", role, " login")).status());
  }
  return absl::OkStatus();
}

absl::Status PostgresReplicas::MakeStandby(size_t node) {
  const std::string& directory = nodes_[node].directory;
  std::error_code error;
  std::filesystem::remove_all(directory + "/data", error);
  RETURN_IF_ERROR(RunPostgresProgram(
      {"pg_basebackup", "--host", nodes_[primary_].directory, "--username", kSuper, "--pgdata",
       directory + "/data", "--checkpoint", "fast", "--wal-method", "stream"},
      directory + "/basebackup.log"));
  std::ofstream(directory + "/data/standby.signal").flush();
  RETURN_IF_ERROR(Configure(node, FollowingLines(node)));
  RETURN_IF_ERROR(StartServer(node));
  return Await(DsnOf(primary_, "postgres", kSuper),
               StrCat("select count(*) = 1 from pg_stat_replication where state = 'streaming' and "
                      "application_name = 'node",
                      node, "'"));
}

std::string PostgresReplicas::FollowingLines(size_t node) const {
  return StrCat("primary_conninfo = 'host=", nodes_[primary_].directory, " user=", kSuper,
                " application_name=node", node, "'");
}

absl::Status PostgresReplicas::Configure(size_t node, const std::string& lines) {
  const Node& configured = nodes_[node];
  {
    std::ofstream file(configured.directory + "/data/postgresql.auto.conf", std::ios::app);
    file << lines << "\n";
    if (!file.flush()) return absl::UnavailableError("cannot configure a node");
  }
  if (configured.server <= 0) return absl::OkStatus();
  return SqlSession(DsnOf(node, "postgres", kSuper)).Query("select pg_reload_conf()").status();
}

absl::Status PostgresReplicas::StartServer(size_t node) {
  Node& started = nodes_[node];
  const std::string& directory = started.directory;
  ASSIGN_OR_RETURN(started.server,
                   SpawnPostgresProgram({"postgres", "-D", directory + "/data", "-k", directory,
                                         "-c", "listen_addresses=", "-c", "shared_buffers=32MB",
                                         "-c", "wal_keep_size=512MB"},
                                        directory + "/server.log"));
  const auto end = std::chrono::steady_clock::now() + kLongest;
  const std::string dsn = DsnOf(node, "postgres", kSuper);
  while (PQping(dsn.c_str()) != PQPING_OK) {
    const bool ended = waitpid(started.server, nullptr, WNOHANG) != 0;
    if (ended) started.server = -1;
    if (ended || std::chrono::steady_clock::now() > end) {
      return absl::UnavailableError(
          StrCat("node ", node, " did not start: ", WholeTextOf(directory + "/server.log")));
    }
    poll(nullptr, 0, 10);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PostgresReplicas::CreateDatabase() {
  std::string name = StrCat("test_", ++databases_);
  RETURN_IF_ERROR(SqlSession(DsnOf(primary_, "postgres", kSuper))
                      .Query(StrCat("create database ", name, " owner ", PostgresCluster::kOwner))
                      .status());
  return name;
}

std::string PostgresReplicas::DsnOf(size_t node, const std::string& database,
                                    const std::string& role) const {
  return StrCat("host=", nodes_[node].directory, " dbname=", database, " user=", role);
}

std::string PostgresReplicas::Dsn(const std::string& database, const std::string& role) const {
  std::string hosts;
  for (const Node& node : nodes_) hosts += StrCat(hosts.empty() ? "" : ",", node.directory);
  return StrCat("host=", hosts, " dbname=", database, " user=", role,
                " target_session_attrs=read-write");
}

void PostgresReplicas::KillPrimary() {
  Node& node = nodes_[primary_];
  // So that it starts no more children.
  kill(node.server, SIGSTOP);
  for (const pid_t child : ChildrenOf(node.server)) kill(child, SIGKILL);
  kill(node.server, SIGKILL);
  waitpid(node.server, nullptr, 0);
  node.server = -1;
  killed_ = primary_;
}

absl::Status PostgresReplicas::Promote() {
  size_t best = kNodes;
  std::string most;
  for (size_t node = 0; node < kNodes; ++node) {
    if (node == killed_) continue;
    // With zeros before the number, so that texts compare as numbers do.
    ASSIGN_OR_RETURN(
        const std::string received,
        OneValue(DsnOf(node, "postgres", kSuper),
                 "select lpad(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::text, 20, '0')"));
    if (best < kNodes && received <= most) continue;
    best = node;
    most = received;
  }
  ASSIGN_OR_RETURN(const std::string promoted,
                   OneValue(DsnOf(best, "postgres", kSuper), "select pg_promote()"));
  if (promoted != "t") return absl::UnavailableError("the standby is not promoted");
  primary_ = best;
  for (size_t node = 0; node < kNodes; ++node) {
    if (node != killed_ && node != primary_) {
      RETURN_IF_ERROR(Configure(node, FollowingLines(node)));
    }
  }
  return absl::OkStatus();
}

absl::Status PostgresReplicas::BringBack() {
  RETURN_IF_ERROR(MakeStandby(killed_));
  killed_ = kNodes;
  return absl::OkStatus();
}

void PostgresReplicas::Stop(Node& node) {
  if (node.server <= 0) return;
  // At once: a primary would wait for its standbys.
  kill(node.server, SIGQUIT);
  if (!ProcessEndsWithin(node.server, kLongest)) ADD_FAILURE() << "PostgreSQL does not stop";
  node.server = -1;
}

}  // namespace caseledger::testing
