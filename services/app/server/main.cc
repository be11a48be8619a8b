// caseledgerd: the server.
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/synchronization/mutex.h"
#include "eventstore/base/core_dump.h"
#include "eventstore/base/strings.h"
#include "services/app/server/logging.h"
#include "services/app/server/options.h"
#include "services/app/server/server.h"
#include "services/rpc/tls.h"

namespace caseledger::app {
namespace {

// Written whole and moved in place, so that whoever waits for the file never reads half of it.
bool WritePortFile(const std::string& path, const std::string& address) {
  const std::string partial = path + ".part";
  {
    std::ofstream file(partial);
    file << address << "\n";
    if (!file.flush()) return false;
  }
  return std::rename(partial.c_str(), path.c_str()) == 0;
}

std::string AddressOf(const std::string& listen, int port) {
  return StrCat(listen.substr(0, listen.rfind(':')), ":", port);
}

// Protobuf complains of malformed requests in lines of its own: anyone could fill the log, and what
// reads it expects JSON. The caller gets an error anyway.
void LogOfProtobuf(google::protobuf::LogLevel, const char*, int, const std::string& message) {
  Log(LogLevel::kDebug, "protobuf", {{"message", message}});
}

// gRPC complains of every connection that brings no good certificate: the same.
void LogOfGrpc(gpr_log_func_args* line) {
  Log(LogLevel::kDebug, "grpc", {{"message", line->message}});
}

int Run(const ServerOptions& options) {
  SetLogLevel(options.log_level);
  google::protobuf::SetLogHandler(LogOfProtobuf);
  gpr_set_log_function(LogOfGrpc);
  // Blocked before any thread exists, so that only sigwait below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  ServerOptions wanted = options;
  wanted.stop_waiting = [] {
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
  };
  std::atomic<bool> lost = false;
  wanted.on_lost = [&lost] {
    lost = true;
    kill(getpid(), SIGTERM);
  };
  auto server = StartServer(wanted, SystemClock(), SystemRandom());
  if (absl::IsCancelled(server.status()) && !lost) {
    Log(LogLevel::kInfo, "ended while it waited");
    return 0;
  }
  if (!server.ok()) {
    const std::string why(FromAbsl(server.status().message()));
    Log(LogLevel::kError, "cannot start", {{"reason", why}});
    std::fprintf(stderr, "caseledgerd: %s\n", why.c_str());
    return 1;
  }
  const std::string address = AddressOf(options.listen, (*server)->port());
  Log(LogLevel::kInfo, "listening",
      {{"address", address},
       {"metrics_port", StrCat((*server)->metrics_port())},
       {"log_port", StrCat((*server)->log_port())},
       {"access", options.plaintext ? "plain text, this machine only" : "TLS 1.3"}});
  if (!options.port_file.empty() && !WritePortFile(options.port_file, address)) {
    Log(LogLevel::kError, "cannot write the port file", {{"file", options.port_file}});
    return 1;
  }
  int signal = 0;
  sigwait(&signals, &signal);
  Log(LogLevel::kInfo, "shutting down", {{"signal", StrCat(signal)}});
  const absl::Status closed = (*server)->Shutdown();
  if (lost) {
    std::fprintf(stderr, "caseledgerd: another server has taken the ledgers over\n");
    return 1;
  }
  if (!closed.ok()) {
    Log(LogLevel::kError, "closed with trouble",
        {{"reason", std::string(FromAbsl(closed.message()))}});
    return 1;
  }
  Log(LogLevel::kInfo, "closed");
  return 0;
}

}  // namespace
}  // namespace caseledger::app

int main(int argc, char** argv) {
  caseledger::LeaveNoCoreDump();
  const caseledger::app::ParsedOptions parsed = caseledger::app::ParseServerOptions(argc, argv);
  if (!parsed.run) return parsed.exit_code;
  caseledger::rpc::SpeakOnlyTls13();
  // Debian's Abseil is built to look for deadlocks at every lock, gRPC's included: that is for
  // tests, which keep it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return caseledger::app::Run(parsed.options);
}
