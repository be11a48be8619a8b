// Programs of our own as child processes: a server that can be killed, a client that is run to its
// end.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace caseledger::testing {

// One child process with its output. Started by the constructor; killed and waited for by the
// destructor at the latest. Signals go to this process id only.
class ChildProcess {
 public:
  // `arguments[0]` is the program's path. `environment`: more variables, each `NAME=value`, before
  // those of this process.
  explicit ChildProcess(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal);
  // Waits for the end. The exit code, or minus the signal that ended it.
  int Wait();

  // What it wrote so far.
  std::string out() const;
  std::string err() const;

  // Waits until a line of standard error contains `text`; false when the process ended first.
  bool WaitForError(const std::string& text);
  // The same of standard output.
  bool WaitForOutput(const std::string& text);

 private:
  void Drain(int descriptor, std::string& into, bool& ended);
  bool WaitFor(const std::string& text, const std::string& in, const bool& ended);

  const std::string program_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int result_ = 0;
  int out_pipe_ = -1;
  int err_pipe_ = -1;
  mutable std::mutex mutex_;
  std::string out_;
  std::string err_;
  std::condition_variable changed_;
  bool out_ended_ = false;
  bool err_ended_ = false;
  std::thread out_reader_;
  std::thread err_reader_;
};

// Flags of a server for which one agency makes the whole load.
inline std::vector<std::string> NoAgencyLimits() {
  std::vector<std::string> flags;
  for (const char* limit : {"agency-calls", "agency-commands", "agency-bytes", "new-connections"}) {
    flags.insert(flags.end(), {std::string("--") + limit + "-per-second", "0"});
  }
  flags.insert(flags.end(), {"--connections-per-address", "4096"});
  for (const char* count : {"calls", "streams", "batches"}) {
    flags.insert(flags.end(), {std::string("--agency-") + count + "-at-a-time", "1000000"});
  }
  return flags;
}

// A caseledgerd on free loopback ports. Its ledgers are where StorageFor its data directory says,
// unless `extra` says something else.
class ServerProcess {
 public:
  // Starts it and waits until it listens. `extra` are more flags.
  ServerProcess(const std::string& data_dir, const std::vector<std::string>& ledgers,
                const std::vector<std::string>& extra,
                const std::vector<std::string>& environment = {});
  // Starts it and does not wait.
  struct StandingBy {};
  ServerProcess(StandingBy, const std::string& data_dir, const std::vector<std::string>& ledgers,
                const std::vector<std::string>& extra);

  // Waits until it listens; false, with a failure of the test: it ended.
  bool AwaitListening();

  // Waits until it passes calls on while it stands by; else as AwaitListening.
  bool AwaitPassingOn();

  // `127.0.0.1:PORT`; "" when it did not start, and before it was waited for.
  const std::string& address() const { return address_; }
  // Where the log is served over HTTP.
  int log_port() const { return log_port_; }
  int metrics_port() const { return metrics_port_; }
  ChildProcess& process() { return process_; }

 private:
  // Which the log tells under that name, with the port for metrics before or beside it.
  bool AwaitAddress(const std::string& name);

  ChildProcess process_;
  std::string address_;
  int log_port_ = 0;
  int metrics_port_ = 0;
};

// The value of `"name":"…"` in the first line of a program's log that has one; "" without.
std::string ValueInLog(const std::string& log, const std::string& name);

struct Finished {
  int code = 0;
  std::string out;
  std::string err;
};

// Runs a program to its end.
Finished RunToEnd(const std::vector<std::string>& arguments,
                  const std::vector<std::string>& environment = {});

}  // namespace caseledger::testing
