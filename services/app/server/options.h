// How a server is to run: flags and configuration file with the same names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log.h"
#include "eventstore/sealing/fact_sealer.h"
#include "eventstore/vault/rotator.h"
#include "services/access/limits/agency_limits.h"
#include "services/app/storage/storage.h"
#include "services/app/vault/vault_files.h"
#include "services/rpc/connections/connection_limits.h"

namespace caseledger::app {

struct ServerOptions {
  std::string data_dir;
  StorageChoice storage;
  // For whoever runs a server: asked some times a second while it waits, and told, in a thread of
  // the server's, when another one has taken over and this one is to be shut down.
  std::function<bool()> stop_waiting;
  std::function<void()> on_lost;
  std::string listen = "127.0.0.1:7400";
  std::string metrics_listen = "127.0.0.1:7401";  // empty: no metrics
  std::string log_listen = "127.0.0.1:7402";      // empty: the log is not served over HTTP
  bool serve_entries = false;                     // over HTTP, too
  bool standby = false;   // waits while another server has the ledgers, and takes over
  std::string advertise;  // where servers that stand by reach this one; empty: at `listen`
  // TLS: all of them, or `plaintext`.
  std::string tls_cert;
  std::string tls_key;
  std::string client_ca;
  std::string revoked;
  bool plaintext = false;
  std::vector<std::string> token_keys;
  std::string token_issuer;
  std::string token_audience;
  std::vector<std::string> ledgers;
  std::string port_file;
  std::string log_level = "info";
  std::string checkpoint_dir;  // empty: `checkpoints` in the data directory
  std::string key_dir;         // empty: `keys` in the data directory
  std::string vault_dir;       // empty: `vault` in the data directory
  int64_t rotate_wrapping_days = eventstore::RotatorOptions::kUsualDays;  // 0: only when asked
  WrappingToken wrapping_token;                                           // instead of the next
  std::string wrapping_key_dir;  // empty: `wrapping-keys` in the data directory
  std::string origin_prefix = "caseledger";
  int commit_heads_seconds = 60;
  bool accept_lost_checkpoint = false;
  bool accept_lost_keys = false;
  std::vector<std::string> witnesses;  // `URL VKEY` each
  size_t min_witnesses = 0;
  std::vector<std::string> new_origins;  // ledgers that go on as another log
  std::string backup_dir;                // empty: no backups
  int backup_mib_per_second = 64;
  std::string vault_backup_dir;  // empty: the vault is not backed up
  int query_threads = 4;
  int drain_seconds = 10;
  int dashboard_lag_seconds = 30;
  uint32_t report_memory_mib = 256;
  uint32_t smallest_figure_shown = 5;
  // Only `max_appends_waiting` is a flag; the rest, `max_subscribers`, `max_dashboards` and
  // `keep_tree` are for whoever embeds a server, such as a test that overloads it; so is `sealer`.
  eventstore::LogLimits log_limits;
  size_t max_subscribers = 128;
  size_t max_dashboards = 128;
  rpc::ConnectionOptions connections;
  access::AgencyLimits::Options agency;
  int slow_reader_seconds = 30;
  int connection_seconds = 3600;
  // False to measure what the tree costs, and for nothing else: see SequencerOptions. Nothing is
  // signed then, and no heads are committed.
  bool keep_tree = true;
  // In place of the vault's, to measure what sealing costs, and for nothing else; null: the
  // vault's. Must outlive the server.
  eventstore::FactSealer* sealer = nullptr;
};

// What to do after reading the command line.
struct ParsedOptions {
  ServerOptions options;
  bool run = false;  // false: help or an error was printed
  int exit_code = 0;
};

ParsedOptions ParseServerOptions(int argc, char** argv);

// INVALID_ARGUMENT unless the address ends in a port.
absl::Status CheckPort(const std::string& address);

// INVALID_ARGUMENT unless the address is on the loopback interface: where nobody is asked who they
// are, only this machine may connect.
absl::Status CheckLoopback(const std::string& address);

}  // namespace caseledger::app
