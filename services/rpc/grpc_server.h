// The gRPC face of a server: all services on one port, with health and reflection.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/backup/backup.h"
#include "eventstore/base/clock.h"
#include "services/access/limits/agency_limits.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledgers.h"
#include "services/rpc/connections/acceptor.h"
#include "services/rpc/queries.h"
#include "services/rpc/threads/stream_warden.h"
#include "services/rpc/tls.h"

namespace caseledger::rpc {

struct GrpcServerOptions {
  std::string listen;  // `127.0.0.1:7400`; port 0 picks a free one
  // Instead of `listen`, `connections` and `on_ending`: a port that is open. Whoever got its
  // connections so far gets none any more once the server starts.
  std::shared_ptr<Acceptor> acceptor;
  std::optional<TlsFiles> tls;  // unset: plain text, for connections of this machine alone
  // Lets callers in or refuses them; never null; must outlive the server.
  access::Authenticator* authenticator = nullptr;
  size_t query_threads = 4;
  size_t max_waiting_queries = 1024;
  size_t max_subscribers = 128;
  size_t max_replays = 128;     // at a time
  size_t max_dashboards = 128;  // watched at a time
  ConnectionOptions connections;
  OnEnding on_ending;  // may be empty
  access::AgencyLimits::Options agency;
  StreamLimits streams;
  // A connection is asked to go after so long, and closed when its streams are over: each ends
  // after `streams.oldest` by itself.
  std::chrono::seconds connection_age = std::chrono::hours(1);
  size_t max_exports =
      2;  // at a time; each may hold a query thread until a checkpoint is published
  std::string version;
  // Makes backups; must outlive the server. Null: there is no directory for them.
  eventstore::BackupMaker* backup_maker = nullptr;
  VaultFace vault;
  // Figures of published reports below this are withheld; 2 or more.
  uint32_t smallest_shown = 5;
};

// Thread-safe.
class GrpcServer {
 public:
  virtual ~GrpcServer() = default;
  // The port it listens on.
  virtual int port() const = 0;
  // What gRPC's health service says of a service, such as `caseledger.v1.DashboardService`: serving
  // from the start on. Says nothing more once Shutdown was called.
  virtual void SetServing(const std::string& service, bool serving) = 0;
  // Refuses new calls, ends streams, gives running calls until `grace`, then cancels them.
  // Idempotent.
  virtual void Shutdown(absl::Duration grace) = 0;
};

// Starts listening. Ledgers and handler must outlive the server.
//
// UNAVAILABLE          the address cannot be had
// INVALID_ARGUMENT     a file of `tls` is wrong
// FAILED_PRECONDITION  see SpeakOnlyTls13()
absl::StatusOr<std::unique_ptr<GrpcServer>> StartGrpcServer(const GrpcServerOptions& options,
                                                            const commands::Ledgers& ledgers,
                                                            commands::CommandHandler& handler,
                                                            Clock& clock);

}  // namespace caseledger::rpc
