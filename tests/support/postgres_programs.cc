#include "tests/support/postgres_programs.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

extern char** environ;

namespace caseledger::testing {
namespace {

constexpr char kPrograms[] = "/usr/lib/postgresql/15/bin/";
constexpr char kUnprivileged[] = "postgres";

// In front of a command that must not run as root.
std::vector<std::string> Unprivileged() {
  std::vector<std::string> words = {"/usr/bin/setpriv", "--pdeathsig", "INT"};
  if (geteuid() == 0) {
    words.insert(words.end(),
                 {"--reuid", kUnprivileged, "--regid", kUnprivileged, "--init-groups"});
  }
  words.emplace_back("--");
  return words;
}

// A program by its path, as this user.
absl::StatusOr<pid_t> Spawn(std::vector<std::string> all, const std::string& output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  std::vector<char*> arguments;
  arguments.reserve(all.size() + 1);
  for (std::string& word : all) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = -1;
  const int error =
      posix_spawn(&child, all[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::UnavailableError(StrCat("cannot run ", all[0]));
  return child;
}

// OK when it was a good one.
absl::Status EndOf(const absl::StatusOr<pid_t>& child, const std::string& program,
                   const std::string& output) {
  RETURN_IF_ERROR(child.status());
  int status = 0;
  while (waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return absl::OkStatus();
  return absl::UnavailableError(StrCat(program, " failed: ", WholeTextOf(output)));
}

}  // namespace

absl::Status CheckPostgresPrograms() {
  for (const char* program : {"initdb", "postgres", "pg_basebackup"}) {
    if (access(StrCat(kPrograms, program).c_str(), X_OK) == 0) continue;
    return absl::NotFoundError(
        StrCat("there is no ", kPrograms, program, ": install the Debian package postgresql-15"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> MakePostgresDirectory() {
  // Not TMPDIR: the path of a socket has at most 107 bytes, and the other user must get there.
  std::string name = "/tmp/caseledger-pg-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) return absl::UnavailableError("no temporary directory");
  if (geteuid() != 0) return name;
  const passwd* user = getpwnam(kUnprivileged);
  if (user == nullptr || chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
    return absl::NotFoundError(
        "there is no user postgres: install the Debian package postgresql-15");
  }
  return name;
}

absl::StatusOr<pid_t> SpawnPostgresProgram(std::vector<std::string> words,
                                           const std::string& output,
                                           const std::vector<std::string>& in_front) {
  std::vector<std::string> all = in_front;
  const std::vector<std::string> unprivileged = Unprivileged();
  all.insert(all.end(), unprivileged.begin(), unprivileged.end());
  if (words[0].front() != '/') words[0].insert(0, kPrograms);
  all.insert(all.end(), words.begin(), words.end());
  return Spawn(std::move(all), output);
}

absl::StatusOr<pid_t> SpawnPostgresServer(const std::string& directory) {
  return SpawnPostgresProgram(
      {"postgres", "-D", directory + "/data", "-k", directory, "-c", "listen_addresses=", "-c",
       "shared_buffers=64MB", "-c", "max_connections=100",
       // A standby has no slot, and a base backup begins a checkpoint that removes what it lacks.
       "-c", "wal_keep_size=2GB"},
      directory + "/server.log");
}

absl::Status RunPostgresProgram(std::vector<std::string> words, const std::string& output) {
  const std::string program = words[0];
  return EndOf(SpawnPostgresProgram(std::move(words), output), program, output);
}

absl::Status RunProgram(std::vector<std::string> words, const std::string& output) {
  const std::string program = words[0];
  return EndOf(Spawn(std::move(words), output), program, output);
}

bool ProcessEndsWithin(pid_t process, std::chrono::milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  while (std::chrono::steady_clock::now() < end) {
    if (waitpid(process, nullptr, WNOHANG) != 0) return true;
    poll(nullptr, 0, 10);
  }
  return false;
}

std::string WholeTextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace caseledger::testing
