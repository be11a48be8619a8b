#include "tests/support/postgres_cluster.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "gtest/gtest.h"

extern char** environ;

namespace caseledger::testing {
namespace {

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

constexpr char kPrograms[] = "/usr/lib/postgresql/15/bin/";
constexpr char kUnprivileged[] = "postgres";
constexpr std::chrono::seconds kPatience{60};

// In front of a command that must not run as root. The server is told when this program dies.
std::vector<std::string> Unprivileged() {
  std::vector<std::string> words = {"/usr/bin/setpriv", "--pdeathsig", "INT"};
  if (geteuid() == 0) {
    words.insert(words.end(),
                 {"--reuid", kUnprivileged, "--regid", kUnprivileged, "--init-groups"});
  }
  words.emplace_back("--");
  return words;
}

// Starts it with both outputs in the file.
absl::StatusOr<pid_t> Spawn(std::vector<std::string> words, const std::string& output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = -1;
  const int error =
      posix_spawn(&child, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::UnavailableError(StrCat("cannot run ", words[0]));
  return child;
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool EndsWithin(pid_t process, std::chrono::milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  while (std::chrono::steady_clock::now() < end) {
    if (waitpid(process, nullptr, WNOHANG) != 0) return true;
    poll(nullptr, 0, 10);
  }
  return false;
}

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
  for (int row = 0; row < PQntuples(answer.get()); ++row) {
    values.emplace_back(PQgetvalue(answer.get(), row, 0));
  }
  return values;
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
  for (const char* program : {"initdb", "postgres"}) {
    if (access(StrCat(kPrograms, program).c_str(), X_OK) != 0) {
      return absl::NotFoundError(
          StrCat("there is no ", kPrograms, program, ": install the Debian package postgresql-15"));
    }
  }
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
  // Not TMPDIR: the path of a socket has at most 107 bytes, and the other user must get there.
  std::string name = "/tmp/caseledger-pg-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) return absl::UnavailableError("no temporary directory");
  directory_ = name;
  if (geteuid() == 0) {
    const passwd* user = getpwnam(kUnprivileged);
    if (user == nullptr || chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
      return absl::NotFoundError(
          "there is no user postgres: install the Debian package postgresql-15");
    }
  }
  std::vector<std::string> words = Unprivileged();
  words.insert(words.end(),
               {StrCat(kPrograms, "initdb"), "--pgdata", directory_ + "/data", "--auth", "trust",
                "--username", kSuperuser, "--encoding", "UTF8", "--no-locale"});
  const std::string output = directory_ + "/initdb.log";
  ASSIGN_OR_RETURN(const pid_t child, Spawn(std::move(words), output));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return absl::OkStatus();
  return absl::UnavailableError(StrCat("initdb failed: ", TextOf(output)));
}

absl::Status PostgresCluster::StartServer() {
  std::vector<std::string> words = Unprivileged();
  words.insert(words.end(),
               {StrCat(kPrograms, "postgres"), "-D", directory_ + "/data", "-k", directory_, "-c",
                "listen_addresses=", "-c", "shared_buffers=64MB", "-c", "max_connections=100"});
  ASSIGN_OR_RETURN(server_, Spawn(std::move(words), directory_ + "/server.log"));
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
          StrCat("PostgreSQL did not start: ", TextOf(directory_ + "/server.log")));
    }
    poll(nullptr, 0, 10);
  }
  return absl::OkStatus();
}

// Fast shutdown, then at once.
void PostgresCluster::Stop() {
  if (server_ <= 0) return;
  kill(server_, SIGINT);
  if (!EndsWithin(server_, kPatience)) {
    kill(server_, SIGQUIT);
    if (!EndsWithin(server_, kPatience)) ADD_FAILURE() << "PostgreSQL does not stop";
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
