#include "tests/bench/limits/embedded_server.h"

#include <pthread.h>

#include <csignal>
#include <cstdio>

#include "services/app/server/logging.h"
#include "services/app/server/server.h"
#include "tests/bench/load/contact_commands.h"

namespace caseledger::bench {

int RunEmbeddedServer(const std::string& data_dir, bool keep_tree) {
  // Before any thread exists, so that only sigwait below takes it.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  app::SetLogLevel("error");
  app::ServerOptions options;
  options.data_dir = data_dir;
  options.plaintext = true;
  options.agency.calls_per_second = 0;
  options.agency.commands_per_second = 0;
  options.agency.calls_at_a_time = access::AgencyLimits::kMost;
  options.listen = "127.0.0.1:0";
  options.metrics_listen = "";
  options.log_listen = "";
  options.ledgers = {kLedger};
  options.keep_tree = keep_tree;
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
