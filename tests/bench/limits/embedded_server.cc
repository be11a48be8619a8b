#include "tests/bench/limits/embedded_server.h"

#include <pthread.h>

#include <csignal>
#include <cstdio>

#include "services/app/server/logging.h"
#include "services/app/server/server.h"

namespace caseledger::bench {

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

}  // namespace caseledger::bench
