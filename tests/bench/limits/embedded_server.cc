#include "tests/bench/limits/embedded_server.h"

#include <pthread.h>

#include <csignal>
#include <cstdio>

#include "eventstore/sealing/fact_sealer.h"
#include "services/app/server/logging.h"
#include "services/app/server/server.h"

namespace caseledger::bench {
namespace {

class LeaveOpen final : public eventstore::FactSealer {
 public:
  absl::Status Begin(std::string_view /*ledger*/, const eventstore::EventLog& /*log*/) override {
    return absl::OkStatus();
  }
  absl::Status Seal(std::string_view /*ledger*/, eventstore::RecordedEvent& /*event*/) override {
    return absl::OkStatus();
  }
};

}  // namespace

int RunEmbeddedServer(const app::ServerOptions& options) {
  // Before any thread exists, so that only sigwait below takes it.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  app::SetLogLevel("error");
  auto server = app::StartServer(options, SystemClock(), SystemRandom());
  if (!server.ok()) {
    std::fprintf(stderr, "cannot start: %s\n", server.status().ToString().c_str());
    return 1;
  }
  std::fprintf(stderr, "listening on %d\n", (*server)->port());
  int signal = 0;
  sigwait(&signals, &signal);
  const absl::Status closed = (*server)->Shutdown();
  if (closed.ok()) return 0;
  std::fprintf(stderr, "closed with trouble: %s\n", closed.ToString().c_str());
  return 1;
}

int RunUnsealedServer(const app::ServerOptions& options) {
  LeaveOpen sealer;
  app::ServerOptions unsealed = options;
  unsealed.sealer = &sealer;
  return RunEmbeddedServer(unsealed);
}

}  // namespace caseledger::bench
