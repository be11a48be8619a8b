#include "tests/integration/support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "eventstore/base/strings.h"
#include "gtest/gtest.h"
#include "tests/integration/support/kept_output.h"
#include "tests/support/test_storage.h"

extern char** environ;

namespace caseledger::testing {
namespace {

std::vector<std::string> ServerArguments(const std::string& data_dir,
                                         const std::vector<std::string>& ledgers,
                                         const std::vector<std::string>& extra) {
  std::vector<std::string> arguments = {
      CASELEDGERD_PATH, "--data-dir", data_dir, "--metrics-listen", "127.0.0.1:0", "--log-listen",
      "127.0.0.1:0",
      // Counting events would fail by the clock; by their number heads are committed all the same.
      "--commit-heads-seconds", "3600"};
  for (const std::string& ledger : ledgers) {
    arguments.emplace_back("--ledger");
    arguments.push_back(ledger);
  }
  const auto chooses = [&](const char* flag) {
    return std::find(extra.begin(), extra.end(), flag) != extra.end();
  };
  if (!chooses("--listen")) arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0"});
  if (!chooses("--log-level")) arguments.insert(arguments.end(), {"--log-level", "info"});
  if (!chooses("--engine")) {
    const std::vector<std::string> storage = StorageFlagsFor(data_dir);
    arguments.insert(arguments.end(), storage.begin(), storage.end());
  }
  arguments.insert(arguments.end(), extra.begin(), extra.end());
  return arguments;
}

// The variables, and those of this process that they do not name.
std::vector<std::string> WholeEnvironment(const std::vector<std::string>& more) {
  std::vector<std::string> all = more;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string variable = *at;
    const std::string name = variable.substr(0, variable.find('=') + 1);
    const bool named = std::any_of(more.begin(), more.end(), [&](const std::string& other) {
      return other.starts_with(name);
    });
    if (!named) all.push_back(variable);
  }
  return all;
}

std::vector<char*> PointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// `caseledgerd` of a path.
std::string NameOfProgram(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string ValueInLog(const std::string& log, const std::string& name) {
  const std::string key = "\"" + name + "\":\"";
  const size_t begin = log.find(key);
  if (begin == std::string::npos) return "";
  const size_t from = begin + key.size();
  return log.substr(from, log.find('"', from) - from);
}

ChildProcess::ChildProcess(const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment)
    : program_(NameOfProgram(arguments.at(0))) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no pipes";
    ended_ = true;
    return;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  std::vector<std::string> words = arguments;
  std::vector<std::string> variables = WholeEnvironment(environment);
  if (posix_spawn(&pid_, words[0].c_str(), &actions, nullptr, PointersTo(words).data(),
                  PointersTo(variables).data()) != 0) {
    ADD_FAILURE() << "cannot run " << words[0];
    ended_ = true;
  }
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  out_pipe_ = out[0];
  err_pipe_ = err[0];
  out_reader_ = std::thread([this] { Drain(out_pipe_, out_, out_ended_); });
  err_reader_ = std::thread([this] { Drain(err_pipe_, err_, err_ended_); });
}

ChildProcess::~ChildProcess() {
  if (!ended_) {
    Signal(SIGKILL);
    Wait();
  }
  if (out_reader_.joinable()) out_reader_.join();
  if (err_reader_.joinable()) err_reader_.join();
  KeepOutput(program_ + ".log", err_);
  KeepOutput(program_ + ".out", out_);
}

void ChildProcess::Drain(int descriptor, std::string& into, bool& ended) {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    const std::lock_guard lock(mutex_);
    into.append(buffer.data(), static_cast<size_t>(count));
    changed_.notify_all();
  }
  close(descriptor);
  const std::lock_guard lock(mutex_);
  ended = true;
  changed_.notify_all();
}

void ChildProcess::Signal(int signal) {
  if (!ended_) kill(pid_, signal);
}

int ChildProcess::Wait() {
  if (ended_) return result_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ended_ = true;
  result_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  if (out_reader_.joinable()) out_reader_.join();
  if (err_reader_.joinable()) err_reader_.join();
  return result_;
}

std::string ChildProcess::out() const {
  const std::lock_guard lock(mutex_);
  return out_;
}

std::string ChildProcess::err() const {
  const std::lock_guard lock(mutex_);
  return err_;
}

bool ChildProcess::WaitForError(const std::string& text) { return WaitFor(text, err_, err_ended_); }

bool ChildProcess::WaitForOutput(const std::string& text) {
  return WaitFor(text, out_, out_ended_);
}

bool ChildProcess::WaitFor(const std::string& text, const std::string& in, const bool& ended) {
  std::unique_lock lock(mutex_);
  const auto found = [&] {
    const size_t at = in.find(text);
    return at != std::string::npos && in.find('\n', at) != std::string::npos;
  };
  changed_.wait(lock, [&] { return ended || found(); });
  return found();
}

ServerProcess::ServerProcess(const std::string& data_dir, const std::vector<std::string>& ledgers,
                             const std::vector<std::string>& extra,
                             const std::vector<std::string>& environment)
    : process_(ServerArguments(data_dir, ledgers, extra), environment) {
  AwaitListening();
}

ServerProcess::ServerProcess(StandingBy, const std::string& data_dir,
                             const std::vector<std::string>& ledgers,
                             const std::vector<std::string>& extra)
    : process_(ServerArguments(data_dir, ledgers, extra)) {}

bool ServerProcess::AwaitListening() {
  if (!AwaitAddress("address")) return false;
  log_port_ = std::stoi(ValueInLog(process_.err(), "log_port"));
  return true;
}

bool ServerProcess::AwaitPassingOn() { return AwaitAddress("at"); }

bool ServerProcess::AwaitAddress(const std::string& name) {
  const bool told = process_.WaitForError(StrCat("\"", name, "\":\""));
  EXPECT_TRUE(told) << process_.err();
  if (!told) return false;
  address_ = ValueInLog(process_.err(), name);
  metrics_port_ = std::stoi(ValueInLog(process_.err(), "metrics_port"));
  return true;
}

Finished RunToEnd(const std::vector<std::string>& arguments,
                  const std::vector<std::string>& environment) {
  ChildProcess process(arguments, environment);
  const int code = process.Wait();
  return {code, process.out(), process.err()};
}

}  // namespace caseledger::testing
