#include "services/app/server/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "eventstore/base/strings.h"

namespace caseledger::app {
namespace {

constexpr char kDescription[] =
    R"(caseledgerd: the Caseledger server. Takes case events over gRPC into an event log on RocksDB.

With --engine postgres the log is in a database, and another server can take over.

Callers connect with TLS 1.3 and the certificate of their agency, and bring a token for the person who
is at work.)";

constexpr char kExamples[] = R"(
Examples:
  deploy/pki.sh init ~/pki   # makes certificates and keys for a trial, and says how to use them
  caseledgerd --config /etc/caseledger.toml
  caseledgerd --config /etc/caseledger.toml --backup-dir /mnt/backups/caseledger \
    --vault-backup-dir /mnt/keep/vault
  caseledgerd --config /etc/caseledger.toml --checkpoint-dir /mnt/checkpoints \
    --witness 'http://10.0.0.7:7404 witness.example.org+1a2b3c4d+BA...' --min-witnesses 1
  caseledgerd --config /etc/caseledger.toml --engine postgres --standby \
    --dsn 'host=db.example.org dbname=caseledger user=caseledger_server'
  caseledgerd --config /etc/caseledger.toml --listen 127.0.0.1:0 --port-file /tmp/port

A configuration file holds the same names in TOML:
  data-dir = "/var/lib/caseledger"
  ledger = ["quang-ninh", "hai-phong"]
  listen = "0.0.0.0:7400"
  tls-cert = "/etc/caseledger/pki/server/server.crt"
  tls-key = "/etc/caseledger/pki/server/server.key"
  client-ca = "/etc/caseledger/pki/ca.crt"
  revoked = "/etc/caseledger/pki/revoked.pem"
  token-keys = ["/etc/caseledger/pki/token-keys.json"]
  token-issuer = "https://login.example.org"
  token-audience = "caseledger"
  witness = ["http://10.0.0.7:7404 witness.example.org+1a2b3c4d+BA..."]

Stop it with SIGTERM or Ctrl-C: it finishes what it has accepted, makes it durable and ends.)";

constexpr char kNone[] = "none";

// The words after the program's name, last first, as CLI11 wants them. It would take the next flag
// for the value of `--name=`; so that is made two words, the second one empty.
std::vector<std::string> WordsBackwards(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    const bool empty_value = word.starts_with("--") && word.find('=') == word.size() - 1;
    if (empty_value) word.pop_back();
    words.push_back(std::move(word));
    if (empty_value) words.emplace_back();
  }
  std::reverse(words.begin(), words.end());
  return words;
}

std::string HostOf(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = colon == std::string::npos ? address : address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return host;
}

// gRPC would listen on some port of its own choice for an address without one or with a wrong one.
bool HasPort(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = -1;
  return colon != std::string::npos && absl::SimpleAtoi(address.substr(colon + 1), &port) &&
         port >= 0 && port <= 65'535;
}

bool IsLoopbackV4(const std::string& host) {
  int octets = 0;
  size_t at = 0;
  while (at <= host.size()) {
    const size_t dot = std::min(host.find('.', at), host.size());
    int value = -1;
    if (!absl::SimpleAtoi(host.substr(at, dot - at), &value) || value < 0 || value > 255) {
      return false;
    }
    if (octets == 0 && value != 127) return false;
    ++octets;
    at = dot + 1;
  }
  return octets == 4;
}

void AddIdentityOptions(CLI::App& app, ServerOptions& options) {
  app.add_option("--tls-cert", options.tls_cert,
                 "PEM file of the server's certificate, and of intermediate authorities after it; "
                 "this and the next three are looked at every second");
  app.add_option("--tls-key", options.tls_key, "PEM file of its key, without a password");
  app.add_option("--client-ca", options.client_ca,
                 "PEM file of the authorities that vouch for agencies");
  app.add_option("--revoked", options.revoked,
                 "PEM file with the revocation list of each of these authorities");
  app.add_option("--token-keys", options.token_keys,
                 "Key set (JWKS file) that tokens of people are checked with; looked at every "
                 "second; repeatable");
  app.add_option("--token-issuer", options.token_issuer, "Who makes the tokens (`iss`)");
  app.add_option("--token-audience", options.token_audience,
                 "What this server is called in tokens (`aud`)");
  app.add_flag(
      "--plaintext", options.plaintext,
      "No TLS, for connections of this machine alone: tokens say who calls, and for which agency");
}

void AddLimitOptions(CLI::App& app, ServerOptions& options) {
  const auto add = [&app](const char* name, auto& value, int64_t least, int64_t most,
                          const char* what) {
    app.add_option(name, value, what)->capture_default_str()->check(CLI::Range(least, most));
  };
  constexpr int64_t kMost = access::AgencyLimits::kMost;
  access::AgencyLimits::Options& agency = options.agency;
  add("--agency-calls-per-second", agency.calls_per_second, 0, kMost,
      "Calls that one agency may make a second; more are refused as AGENCY_RATE, with a delay "
      "after which to try again; 0: no limit");
  add("--agency-commands-per-second", agency.commands_per_second, 0, kMost,
      "Commands in batches that are read from one agency a second; 0: no limit");
  add("--agency-calls-at-a-time", agency.calls_at_a_time, 1, kMost,
      "Calls, besides streams, that one agency may have open; more are refused as AGENCY_BUSY");
  add("--agency-streams-at-a-time", agency.streams_at_a_time, 1, kMost,
      "Replays, subscriptions, watched dashboards, exports and batches that one agency may have "
      "open");
  add("--agency-batches-at-a-time", agency.batches_at_a_time, 1, kMost, "Batches among these");
  rpc::ConnectionOptions& connections = options.connections;
  add("--agency-bytes-per-second", connections.bytes_per_second, 0, int64_t{1} << 30,
      "What may come in from one agency, after 12 MiB at once; connections on which more comes are "
      "cut; 0: no limit");
  add("--connections", connections.at_a_time, 1, int64_t{100'000},
      "Connections that may be open; more are closed at once");
  add("--connections-per-address", connections.of_an_address, 1, int64_t{100'000},
      "Of these, from one IPv4 address or IPv6 network (/64)");
  add("--new-connections-per-second", connections.new_per_second, 0, int64_t{100'000},
      "Connections that one address may begin a second, after 256 at once; 0: no limit");
  add("--slow-reader-seconds", options.slow_reader_seconds, 1, 3600,
      "How long a client of a stream may read nothing before the stream is ended as SLOW_READER");
  add("--connection-seconds", options.connection_seconds, 1, int64_t{7} * 24 * 3600,
      "How long a connection and a stream may last; then the client is asked to connect again, and "
      "streams end as STREAM_OLD");
}

}  // namespace

ParsedOptions ParseServerOptions(int argc, char** argv) {
  ParsedOptions parsed;
  ServerOptions& options = parsed.options;
  CLI::App app(kDescription, "caseledgerd");
  app.footer(kExamples);
  app.set_config("--config", "", "Read options from a TOML file; flags win over it");
  app.allow_config_extras(CLI::config_extras_mode::error);  // a misspelt name is no silence
  app.add_option("--data-dir", options.data_dir,
                 "Directory of the ledgers; log and read models lie in folders of their own")
      ->required();
  app.add_option("--engine", options.storage.engine,
                 "Where the log and the vault are: in the data directory (rocksdb), or in a "
                 "PostgreSQL database that `caseledger db migrate` made ready (postgres), which "
                 "several servers may name, one of them at work")
      ->capture_default_str()
      ->check(CLI::IsMember({kRocksDb, kPostgres}));
  app.add_option("--dsn", options.storage.dsn,
                 "Of the database: connection string or URI of libpq, better without a password, "
                 "which belongs into ~/.pgpass")
      ->envname(kDsnVariable);
  app.add_option("--read-dsn", options.storage.read_dsn,
                 "The same of its standbys, with target_session_attrs=standby: events of replays, "
                 "histories and read models come from there as long as they have them all, else "
                 "from the primary")
      ->envname(kReadDsnVariable);
  app.add_option("--db-connections", options.storage.db_connections,
                 "Sessions with the database at a time, beside those of the vault and the lease")
      ->capture_default_str()
      ->check(CLI::Range(4, 512));
  app.add_flag(
      "--standby", options.standby,
      "While another server is at work on the database, pass calls on to it, and take over "
      "when it ends or is silent");
  app.add_option("--advertise", options.advertise,
                 "HOST:PORT at which the other servers of the database reach this one, to pass "
                 "calls on; empty: where it listens, by the name of this machine if that is "
                 "everywhere");
  app.add_option(
         "--lease-seconds", options.storage.lease_seconds,
         "How long this server stays the one at work when it is silent: then another takes over")
      ->capture_default_str()
      ->check(CLI::Range(2, 60));
  app.add_option("--ledger", options.ledgers,
                 "Name of a ledger to host, [a-z0-9-]{1,40}; created when it is new; repeatable")
      ->required();
  app.add_option("--listen", options.listen,
                 "Address for gRPC; port 0 picks a free one; with --plaintext a loopback address")
      ->capture_default_str();
  AddIdentityOptions(app, options);
  AddLimitOptions(app, options);
  app.add_option("--metrics-listen", options.metrics_listen,
                 "Loopback address for Prometheus metrics (path /metrics), or `none`")
      ->capture_default_str();
  app.add_option("--log-listen", options.log_listen,
                 "Loopback address to read the log at over HTTP (LEDGER/checkpoint, "
                 "LEDGER/tile/...), as log monitors do, or `none`")
      ->capture_default_str();
  app.add_flag("--serve-entries", options.serve_entries,
               "Serve LEDGER/tile/entries/..., too: they show streams, types and times, so only "
               "auditors may be able to connect");
  app.add_option("--port-file", options.port_file,
                 "Write the address listened on to this file once the server is ready");
  app.add_option("--log-level", options.log_level, "What to log")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  app.add_option("--checkpoint-dir", options.checkpoint_dir,
                 "Directory for the newest signed checkpoint of each ledger, better on another "
                 "disk: it tells whether the data directory lost events; empty: in the data "
                 "directory");
  app.add_option("--key-dir", options.key_dir,
                 "Directory of the keys that sign checkpoints, LEDGER.keys, made for a new ledger; "
                 "empty: in the data directory");
  app.add_option("--vault-dir", options.vault_dir,
                 "Directory of the vault: the wrapped keys that names and notes are sealed with; "
                 "empty: in the data directory. Backed up by itself");
  app.add_option("--wrapping-key-dir", options.wrapping_key_dir,
                 "Directory of the wrapping keys that open the vault, best on a volume of its own; "
                 "empty: in the data directory. Never in the same backup as the vault");
  app.add_option("--wrapping-token-module", options.wrapping_token.module_path,
                 "PKCS#11 module of a token that holds the wrapping keys instead of files: a .so "
                 "file of the token's maker; with the next two");
  app.add_option("--wrapping-token", options.wrapping_token.token_label, "Label of that token");
  app.add_option("--wrapping-pin-file", options.wrapping_token.pin_file,
                 "File whose first line is the token's user PIN; its user's alone");
  app.add_option("--wrapping-key-label", options.wrapping_token.key_label,
                 "Label of the keys in the token; vaults that share one have labels of their own")
      ->capture_default_str();
  app.add_option("--rotate-wrapping-keys-days", options.rotate_wrapping_days,
                 "How old a wrapping key gets: then a new one is made, all keys of the vault are "
                 "wrapped with it, and the old one is destroyed, which makes erasures complete. "
                 "Older copies of the vault cannot be opened afterwards: back it up more often. "
                 "0: only when `caseledger vault rotate` asks")
      ->capture_default_str()
      ->check(CLI::Range(0, 365));
  app.add_flag("--accept-lost-keys", options.accept_lost_keys,
               "Start although the vault lacks keys that events are sealed with; what they seal "
               "can never be read again");
  app.add_option("--origin-prefix", options.origin_prefix,
                 "How the names of new logs begin, such as your domain; a log keeps its name")
      ->capture_default_str();
  app.add_option("--commit-heads-seconds", options.commit_heads_seconds,
                 "How long a change may wait until the heads of all records are committed again, "
                 "which shows that no newest event is missing; auditors expect 60 at most")
      ->capture_default_str()
      ->check(CLI::Range(5, 3600));
  app.add_flag("--accept-lost-checkpoint", options.accept_lost_checkpoint,
               "Start although a ledger's checkpoint is gone from the checkpoint directory; only "
               "when you know that the data directory is the newest");
  app.add_option("--witness", options.witnesses,
                 "Witness that cosigns the checkpoints: its address and its verifier key in one "
                 "word, \"http://HOST:PORT NAME+HASH+KEY\"; repeatable");
  app.add_option(
         "--min-witnesses", options.min_witnesses,
         "Publish a checkpoint only when so many witnesses have cosigned it; commands never "
         "wait for that")
      ->capture_default_str()
      ->check(CLI::Range(0, 16));
  app.add_option("--new-origin", options.new_origins,
                 "Ledger that goes on as another log, with another name and keys, because events "
                 "that were signed are lost for good; for one start; repeatable");
  app.add_option("--backup-dir", options.backup_dir,
                 "Directory for backups, outside the data directory and better on another disk; "
                 "empty: none can be made");
  app.add_option("--backup-mib-per-second", options.backup_mib_per_second,
                 "How fast a backup may write, so that commands keep the disk; 0: no limit")
      ->capture_default_str()
      ->check(CLI::Range(0, 100'000));
  app.add_option("--vault-backup-dir", options.vault_backup_dir,
                 "Directory for the backup of the vault, which is made at the start, after each "
                 "backup of the log, after each erasure and in each change of wrapping keys, and "
                 "replaces the one before; outside all other directories and better on another "
                 "disk, never together with the wrapping keys; empty: it is not backed up");
  app.add_option("--query-threads", options.query_threads, "Threads for queries and replays")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option(
         "--max-waiting-commands", options.log_limits.max_appends_waiting,
         "Commands of one ledger taken and not yet answered; more are refused as OVERLOADED")
      ->capture_default_str()
      ->check(CLI::Range(1, 65'536));
  app.add_option("--drain-seconds", options.drain_seconds,
                 "How long running calls may take to end at shutdown")
      ->capture_default_str()
      ->check(CLI::Range(0, 600));
  app.add_option("--dashboard-lag-seconds", options.dashboard_lag_seconds,
                 "How far read models may be behind before the health of dashboards is told as bad")
      ->capture_default_str()
      ->check(CLI::Range(1, 86'400));
  app.add_option("--report-memory-mib", options.report_memory_mib,
                 "Memory for reports of one ledger that are kept and brought up to date when they "
                 "are asked for again; one that takes more is counted anew each time; 0: all are")
      ->capture_default_str()
      ->check(CLI::Range(0, 65'536));
  app.add_option(
         "--smallest-figure-shown", options.smallest_figure_shown,
         "Figures of published reports below this are withheld, and as many others as it takes "
         "that nobody can compute them")
      ->capture_default_str()
      ->check(CLI::Range(2, 1000));
  app.set_version_flag("--version", std::string(CASELEDGER_VERSION));
  try {
    app.parse(WordsBackwards(argc, argv));
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : 1;  // CLI11 has a code for every kind of error
    return parsed;
  }
  for (std::string* address : {&options.metrics_listen, &options.log_listen}) {
    if (*address == kNone) address->clear();
  }
  parsed.run = true;
  return parsed;
}

absl::Status CheckPort(const std::string& address) {
  if (HasPort(address)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("cannot listen on ", address, ": give a port from 0 to 65535, as in 127.0.0.1:7400"));
}

absl::Status CheckLoopback(const std::string& address) {
  const std::string host = HostOf(address);
  if (host == "localhost" || host == "::1" || IsLoopbackV4(host)) return CheckPort(address);
  return absl::InvalidArgumentError(
      StrCat("refusing to listen on ", address,
             " without TLS: use 127.0.0.1:PORT or [::1]:PORT, or for gRPC give the files of TLS"));
}

}  // namespace caseledger::app
