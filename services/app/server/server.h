// A whole server in one object: engine, ledgers, projections, timers, gRPC. The only place, with
// the CLI, that names an engine. Used by main and by tests in the same process.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "services/app/server/options.h"

namespace caseledger::app {

class Server {
 public:
  virtual ~Server() = default;
  // The gRPC port.
  virtual int port() const = 0;
  // The metrics port, 0 when none.
  virtual int metrics_port() const = 0;
  // The port on which the log is served over HTTP, 0 when none.
  virtual int log_port() const = 0;
  // Refuses new calls, finishes what was accepted, makes it durable, closes the files. Idempotent.
  virtual absl::Status Shutdown() = 0;
};

// INVALID_ARGUMENT     no TLS and no --plaintext, wrong files of identities, an address that is not
//                      loopback without TLS, a bad ledger name, backups beside the data
// FAILED_PRECONDITION  with TLS: rpc::SpeakOnlyTls13() was not called; the data directory is used
// by
//                      another server, of a newer program, or holds an unfinished restore
// DATA_LOSS            stored data is damaged; says what to do
// UNAVAILABLE          an address is taken, the database does not answer
// CANCELLED            ServerOptions::stop_waiting said so
absl::StatusOr<std::unique_ptr<Server>> StartServer(const ServerOptions& options, Clock& clock,
                                                    RandomSource& random);

}  // namespace caseledger::app
