#include "services/app/server/server.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/backup/rocksdb_backup.h"
#include "eventstore/sequencer/sequencer.h"
#include "eventstore/vault/eraser.h"
#include "eventstore/vault/keys/secret_key.h"
#include "eventstore/verifiable/signing_key.h"
#include "projections/person_search/person_search.h"
#include "projections/read_model/rocksdb/rocksdb_read_models.h"
#include "projections/runtime/runtime.h"
#include "services/access/trail/trail.h"
#include "services/app/monitoring/collectors.h"
#include "services/app/monitoring/metrics.h"
#include "services/app/server/backups.h"
#include "services/app/server/dashboard_health.h"
#include "services/app/server/identity.h"
#include "services/app/server/logging.h"
#include "services/app/server/port.h"
#include "services/app/server/projections.h"
#include "services/app/server/signing.h"
#include "services/app/server/standby.h"
#include "services/app/server/vault_backups.h"
#include "services/app/storage/storage.h"
#include "services/app/vault/vault_erasure_keys.h"
#include "services/app/vault/vault_files.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledgers.h"
#include "services/rpc/grpc_server.h"
#include "services/timers/expiry_worker.h"
#include "services/timers/heads_worker.h"
#include "services/web/log_server.h"
#include "services/web/witness/witness_over_http.h"

namespace caseledger::app {
namespace {

constexpr char kSnapshotsTable[] = "snapshots@1";
// Read models look so often whether a database is back.
constexpr std::chrono::seconds kOutagePause(1);
// Between two looks at what is due, and the commit itself.
constexpr int kLookSeconds = 2;

// Logs the beginning and the end of trouble with a ledger.
std::function<void(const absl::Status&)> LogOfTrouble(const std::string& ledger, LogLevel level,
                                                      const char* begins, const char* ends) {
  return [=](const absl::Status& status) {
    if (status.ok()) {
      Log(LogLevel::kInfo, ends, {{"ledger", ledger}});
    } else {
      Log(level, begins, {{"ledger", ledger}, {"reason", std::string(status.message())}});
    }
  };
}

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return absl::UnavailableError(
        StrCat("cannot create the directory ", path, ": ", error.message()));
  }
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  return absl::OkStatus();
}

class RunningServer final : public Server {
 public:
  RunningServer(ServerOptions options, Clock& clock, RandomSource& random)
      : options_(std::move(options)),
        clock_(clock),
        random_(random),
        handler_(ledgers_, clock, random),
        expiry_(ledgers_, handler_, clock),
        heads_(ledgers_, [](const std::string& ledger, const absl::Status& status) {
          if (status.ok()) {
            Log(LogLevel::kInfo, "heads are committed again", {{"ledger", ledger}});
          } else {
            Log(LogLevel::kError, "the heads of the streams cannot be committed",
                {{"ledger", ledger}, {"reason", std::string(status.message())}});
          }
        }) {}
  ~RunningServer() override { Shutdown().IgnoreError(); }

  absl::Status Start() {
    RETURN_IF_ERROR(CheckIdentityOptions(options_));
    for (const std::string& address : {options_.metrics_listen, options_.log_listen}) {
      if (!address.empty()) RETURN_IF_ERROR(CheckLoopback(address));
    }
    RETURN_IF_ERROR(CheckNames());
    RETURN_IF_ERROR(CheckSigning(options_));
    RETURN_IF_ERROR(CheckVaultBackupPlace(options_));
    RETURN_IF_ERROR(CheckStorage());
    ASSIGN_OR_RETURN(authenticator_, MakeAuthenticator(options_, clock_, [this] {
                       return storage_ == nullptr ? absl::OkStatus() : storage_->Check();
                     }));
    const std::set<std::string> names(options_.ledgers.begin(), options_.ledgers.end());
    RETURN_IF_ERROR(OpenStorage(names));
    for (const std::string& name : names) RETURN_IF_ERROR(OpenLedgerAndTrail(name));
    StartVaultBackups();
    for (commands::Ledger* ledger : ledgers_.All()) {
      RETURN_IF_ERROR(StartEraser(ledger->parts));
    }
    StartRotator();
    if (storage_->rocksdb() != nullptr) {
      ASSIGN_OR_RETURN(
          backups_, MakeBackups(options_, *storage_->rocksdb(), VaultKeeper(), clock_, metrics_));
    }
    handler_.Observe(&metrics_);
    RETURN_IF_ERROR(ServeMetrics());
    RETURN_IF_ERROR(ServeLog());
    rpc::GrpcServerOptions grpc_options;
    grpc_options.listen = options_.listen;
    if (port_ != nullptr) grpc_options.acceptor = port_->acceptor();
    grpc_options.tls = TlsFilesOf(options_);
    grpc_options.authenticator = authenticator_.get();
    grpc_options.query_threads = static_cast<size_t>(options_.query_threads);
    grpc_options.max_subscribers = options_.max_subscribers;
    grpc_options.max_dashboards = options_.max_dashboards;
    grpc_options.smallest_shown = options_.smallest_figure_shown;
    grpc_options.connections = options_.connections;
    grpc_options.on_ending = OnEnding();
    grpc_options.agency = options_.agency;
    grpc_options.streams.slow_reader = std::chrono::seconds(options_.slow_reader_seconds);
    grpc_options.streams.oldest = std::chrono::seconds(options_.connection_seconds);
    grpc_options.connection_age = std::chrono::seconds(options_.connection_seconds);
    // Those that wait for a checkpoint leave half of the threads to others.
    grpc_options.max_exports = std::max<size_t>(1, grpc_options.query_threads / 2);
    grpc_options.version = CASELEDGER_VERSION;
    grpc_options.backup_maker = backups_.get();
    grpc_options.vault = {vault_->rotator(), vault_->missing(), VaultKeeper()};
    ASSIGN_OR_RETURN(grpc_, rpc::StartGrpcServer(grpc_options, ledgers_, handler_, clock_));
    WatchDashboards();
    expiry_.Start();
    heads_.Start();
    return absl::OkStatus();
  }

  int port() const override { return grpc_->port(); }
  int metrics_port() const override { return metrics_.port(); }
  int log_port() const override { return log_server_ == nullptr ? 0 : log_server_->port(); }

  absl::Status Shutdown() override {
    if (closed_) return absl::OkStatus();
    closed_ = true;
    expiry_.Stop();
    if (dashboards_ != nullptr) dashboards_->Stop();
    // The order matters: no new calls, then what was accepted, then readers, then the files.
    if (grpc_ != nullptr) grpc_->Shutdown(absl::Seconds(options_.drain_seconds));
    heads_.Stop();  // exports that were running have ended
    if (log_server_ != nullptr) log_server_->Stop();
    CloseLogs();
    for (commands::Ledger* ledger : ledgers_.All()) ledger->parts.projections->Stop();
    absl::Status status;
    for (commands::Ledger* ledger : ledgers_.All()) {
      // The last checkpoint: over all that was accepted.
      if (ledger->parts.publisher != nullptr) status.Update(ledger->parts.publisher->Stop());
    }
    metrics_.Stop();  // which reads what is closed now
    erasers_.clear();
    if (vault_backups_ != nullptr) vault_backups_->keeper().Stop();
    if (vault_ != nullptr) status.Update(vault_->Close());
    if (read_models_ != nullptr) status.Update(read_models_->Close());
    if (storage_ != nullptr) status.Update(storage_->Close());
    return status;
  }

 private:
  rpc::OnEnding OnEnding() {
    return [this](rpc::Ending ending, const std::string& address) {
      metrics_.OnConnectionEnded(ending);
      if (ending == rpc::Ending::kCut) {
        Log(LogLevel::kWarn, "a connection was cut: more came in from its agency than may",
            {{"address", address}, {"limit", "--agency-bytes-per-second"}});
      }
    };
  }

  // Before this server is at work, so that it can pass calls on; one that could not be called is
  // not to be at work.
  absl::Status OpenPort() {
    port_ = std::make_unique<Port>(options_, OnEnding());
    absl::Status opened = port_->Open();
    if (!absl::IsUnavailable(opened) || !options_.standby) return opened;
    Log(LogLevel::kWarn, "calls are not passed on",
        {{"reason", std::string(FromAbsl(opened.message()))},
         {"next",
          "give servers of one machine different ports; without, this one listens when it "
          "takes over"}});
    return absl::OkStatus();
  }

  // Trails last: what a ledger still takes in may be told of in its trail.
  void CloseLogs() {
    const std::vector<commands::Ledger*> ledgers = ledgers_.All();
    for (commands::Ledger* ledger : ledgers) {
      if (!ledger->is_trail()) ledger->parts.log->Close();
    }
    for (commands::Ledger* ledger : ledgers) {
      if (ledger->parts.trail != nullptr) ledger->parts.trail->Drain();
    }
    for (commands::Ledger* ledger : ledgers) {
      if (ledger->is_trail()) ledger->parts.log->Close();
    }
  }

  absl::Status CheckNames() const {
    for (const std::string& name : options_.ledgers) {
      if (!access::IsTrailLedger(name)) continue;
      return absl::InvalidArgumentError(
          StrCat("--ledger ", name, ": an access trail is opened with its ledger; give --ledger ",
                 name.substr(0, name.size() - access::TrailLedgerOf("").size())));
    }
    return absl::OkStatus();
  }

  // Before anything is waited for.
  absl::Status CheckStorage() const {
    RETURN_IF_ERROR(options_.storage.Check());
    if (!options_.storage.in_database() && options_.standby) {
      return absl::InvalidArgumentError(
          "--standby needs a log that several servers reach: --engine postgres");
    }
    if (!options_.storage.in_database() && !options_.advertise.empty()) {
      return absl::InvalidArgumentError(
          "--advertise is for servers that share a log: --engine postgres");
    }
    if (!options_.storage.in_database() || options_.backup_dir.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "--backup-dir is for a log in RocksDB: PostgreSQL makes backups by its own means "
        "(deploy/postgres)");
  }

  absl::Status OpenStorage(const std::set<std::string>& ledgers) {
    RETURN_IF_ERROR(eventstore::CheckNotRestoring(options_.data_dir));
    RETURN_IF_ERROR(MakeDirectory(options_.data_dir));
    // Who stands by keeps them up; else the log says who has the directory.
    if (options_.storage.in_database()) {
      RETURN_IF_ERROR(OpenReadModels());
      RETURN_IF_ERROR(OpenPort());
    }
    StorageOptions storage;
    storage.choice = options_.storage;
    storage.data_dir = options_.data_dir;
    storage.stop_waiting = options_.stop_waiting;
    if (port_ != nullptr) storage.address = port_->address();
    std::optional<Standby> standby;
    if (options_.standby) {
      standby.emplace(options_, ledgers, *read_models_, standby_health_, *port_, clock_, random_);
      RETURN_IF_ERROR(standby->Check());
      standby_health_.Begin();
      RETURN_IF_ERROR(ServeMetricsOfStandby());
      storage.wait = [&](const eventstore::PostgresLease::Waiting& waiting) {
        return standby->GoOn(waiting);
      };
    }
    storage.on_lease = [this](const absl::Status& status) { OnLease(status); };
    auto opened = Storage::Open(storage, random_);
    if (standby) RETURN_IF_ERROR(standby->trouble());
    if (!opened.ok() && options_.stop_waiting && options_.stop_waiting()) {
      return absl::CancelledError("it was ended while it waited for another server");
    }
    if (absl::IsFailedPrecondition(opened.status()) && !options_.standby &&
        options_.storage.in_database()) {
      return absl::FailedPreconditionError(
          StrCat(FromAbsl(opened.status().message()),
                 ". With --standby this server waits until that one ends, and takes over"));
    }
    RETURN_IF_ERROR(opened.status());
    storage_ = *std::move(opened);
    if (standby) standby->TakeOver();
    engine_ = &storage_->engine();
    RETURN_IF_ERROR(storage_->GuardAll());
    for (const std::string& name : ledgers) {
      for (const std::string& ledger : {access::TrailLedgerOf(name), name}) {
        ASSIGN_OR_RETURN(const bool is_new, storage_->MakeLedger(ledger, clock_));
        if (is_new) created_.insert(ledger);
      }
    }
    if (storage_->in_database()) RETURN_IF_ERROR(TellOfOthers(ledgers));
    RETURN_IF_ERROR(OpenVault());
    return read_models_ == nullptr ? OpenReadModels() : absl::OkStatus();
  }

  absl::Status OpenReadModels() {
    projections::RocksDbReadModelOptions options;
    options.path = options_.data_dir + "/read-models";
    ASSIGN_OR_RETURN(read_models_, projections::OpenRocksDbReadModels(options));
    return absl::OkStatus();
  }

  // Ledgers of the database that this server does not serve, and so nobody does.
  absl::Status TellOfOthers(const std::set<std::string>& ledgers) const {
    ASSIGN_OR_RETURN(const auto infos, engine_->ListLedgers());
    for (const storage::v1::LedgerInfo& info : infos) {
      if (access::IsTrailLedger(info.ledger()) || ledgers.contains(info.ledger())) continue;
      Log(LogLevel::kError, "a ledger of the database is not served",
          {{"ledger", info.ledger()},
           {"next", "give all servers of the database the same --ledger flags"}});
    }
    return absl::OkStatus();
  }

  void OnLease(const absl::Status& status) const {
    if (status.ok()) {
      Log(LogLevel::kInfo, "the database answers again, and nobody has taken over", {});
    } else if (absl::IsUnavailable(status)) {
      Log(LogLevel::kError, "calls are refused until the database answers",
          {{"reason", std::string(status.message())}});
    } else {
      Log(LogLevel::kError, "this server ends", {{"reason", std::string(status.message())}});
      if (options_.on_lost) options_.on_lost();
    }
  }

  absl::Status OpenVault() {
    VaultPlace place = VaultIn(options_.data_dir, options_.vault_dir, options_.wrapping_key_dir);
    place.accept_lost_keys = options_.accept_lost_keys;
    place.token = options_.wrapping_token;
    ASSIGN_OR_RETURN(
        vault_, VaultFiles::Open(place, *engine_, clock_, random_, storage_->OpenVaultStore()));
    if (!vault_->missing().ok() && options_.standby) return vault_->missing();
    if (!vault_->missing().ok()) {
      Log(LogLevel::kError, "the vault is missing: only what is not personal is served",
          {{"reason", std::string(vault_->missing().message())}});
    }
    if (options_.accept_lost_keys) {
      Log(LogLevel::kWarn, "lost keys are accepted: what they seal can never be read again",
          {{"next", "start without --accept-lost-keys from now on"}});
    }
    if (!eventstore::SecretMemoryIsLocked()) {
      Log(LogLevel::kWarn, "keys are not locked in memory and may reach the swap space",
          {{"next", "raise the limit of locked memory (LimitMEMLOCK=16M, ulimit -l 16384)"}});
    }
    return absl::OkStatus();
  }

  // What there is before there are ledgers.
  absl::Status ListenForMetrics() {
    if (options_.metrics_listen.empty() || metrics_.port() != 0) return absl::OkStatus();
    const DataPlaces places = {options_.data_dir, options_.data_dir + "/log",
                               options_.data_dir + "/read-models",
                               VaultIn(options_.data_dir, options_.vault_dir).vault_dir};
    metrics_.Add([this] { return standby_health_.Metrics(); });
    metrics_.Add([this] { return PassingOnMetrics(port_ == nullptr ? 0 : port_->passed_on()); });
    metrics_.Add([places] { return DiskMetrics(places); });
    metrics_.Add([pages = options_.storage.page_counts] { return DatabaseMetrics(*pages); });
    return metrics_.Listen(options_.metrics_listen);
  }

  absl::Status ServeMetricsOfStandby() {
    RETURN_IF_ERROR(ListenForMetrics());
    if (metrics_.port() == 0) return absl::OkStatus();
    Log(LogLevel::kInfo, "metrics are served", {{"metrics_port", StrCat(metrics_.port())}});
    return absl::OkStatus();
  }

  absl::Status ServeMetrics() {
    if (options_.metrics_listen.empty()) return absl::OkStatus();
    metrics_.Add([this] { return LogMetrics(ledgers_); });
    metrics_.Add([this] { return ProjectionMetrics(ledgers_); });
    metrics_.Add([this] { return CheckpointMetrics(ledgers_, clock_); });
    metrics_.Add([this] { return AccessMetrics(ledgers_, *authenticator_); });
    metrics_.Add([this] { return VaultMetrics(*vault_); });
    return ListenForMetrics();
  }

  absl::Status ServeLog() {
    if (options_.log_listen.empty()) return absl::OkStatus();
    web::LogServerOptions options;
    options.serve_entries = options_.serve_entries;
    auto server = web::StartLogServer(options_.log_listen, ledgers_, options);
    if (absl::IsUnavailable(server.status())) {
      return absl::UnavailableError(StrCat(FromAbsl(server.status().message()),
                                           "; is another server running there? --log-listen "
                                           "chooses another address, or `none`"));
    }
    RETURN_IF_ERROR(server.status());
    log_server_ = *std::move(server);
    return absl::OkStatus();
  }

  absl::Status OpenLedgerAndTrail(const std::string& name) {
    const std::string trail = access::TrailLedgerOf(name);
    RETURN_IF_ERROR(OpenLedger(trail, ProjectionsOf(trail), nullptr));
    ASSIGN_OR_RETURN(const commands::Ledger* opened, ledgers_.Find(trail));
    std::vector<projections::Runtime::Factory> projections = ProjectionsOf(name);
    // It opens what is personal: without a vault its rows wait.
    if (vault_->vault() != nullptr) {
      projections.push_back(
          [this, name] { return projections::MakePersonSearch(name, vault_->keys()); });
    }
    return OpenLedger(name, std::move(projections),
                      std::make_unique<access::Trail>(*opened->parts.log, random_));
  }

  absl::Status OpenLedger(const std::string& name,
                          std::vector<projections::Runtime::Factory> projections,
                          std::unique_ptr<access::Trail> trail) {
    commands::LedgerParts parts;
    parts.name = name;
    parts.keys = &vault_->keys();
    ASSIGN_OR_RETURN(const auto infos, engine_->ListLedgers());
    for (const storage::v1::LedgerInfo& info : infos) {
      if (info.ledger() != name) continue;
      parts.created_at = info.created_at_us();
      parts.sealed = info.sealed();
    }
    if (options_.keep_tree) {
      ASSIGN_OR_RETURN(parts.signer, OpenSigner(options_, name, *engine_, clock_, random_));
    }
    parts.stored = std::make_unique<eventstore::StoredLedger>(*engine_, name);
    eventstore::SequencerOptions log_options;
    log_options.clock = &clock_;
    log_options.sealer = options_.sealer != nullptr ? options_.sealer : &vault_->sealer();
    log_options.limits = options_.log_limits;
    log_options.keep_tree = options_.keep_tree;
    // Nobody else writes; but the database may be away for a while, which a look at rest finds out.
    log_options.shared = storage_->in_database();
    log_options.look = kOutagePause;
    ASSIGN_OR_RETURN(parts.log, eventstore::OpenLog(*engine_, name, log_options));
    if (vault_->vault() != nullptr && !access::IsTrailLedger(name)) {
      parts.erasure_keys =
          std::make_unique<VaultErasureKeys>(*vault_->vault(), name, RotationPeriod());
    }
    projections::Runtime::Options runtime_options;
    runtime_options.clock = &clock_;
    if (storage_->in_database()) runtime_options.outage_pause = kOutagePause;
    ASSIGN_OR_RETURN(parts.projections,
                     projections::StartRuntime(*parts.log, name, *read_models_,
                                               std::move(projections), runtime_options));
    if (!access::IsTrailLedger(name)) {
      ASSIGN_OR_RETURN(auto snapshots, read_models_->OpenTable(name, kSnapshotsTable));
      parts.snapshots = std::make_unique<commands::SnapshotStore>(std::move(snapshots));
      projections::StandingReports::Options kept;
      kept.most_bytes = static_cast<size_t>(options_.report_memory_mib) << 20;
      parts.reports = std::make_unique<projections::StandingReports>(kept);
    }
    if (options_.keep_tree) {
      ASSIGN_OR_RETURN(parts.heads,
                       commands::HeadsKeeper::Open(
                           *parts.log, name, *read_models_, clock_,
                           (options_.commit_heads_seconds - kLookSeconds) * kMicrosPerSecond));
    }
    Log(LogLevel::kInfo, created_.contains(name) ? "ledger created" : "ledger opened",
        {{"ledger", name},
         {"events", StrCat(parts.log->Head().next_position)},
         {"origin", parts.signer == nullptr ? "" : parts.signer->origin()}});
    if (TakesNewOrigin(options_, name)) {
      Log(LogLevel::kWarn,
          "the ledger goes on as another log: its old keys and checkpoint are aside",
          {{"ledger", name},
           {"next",
            "start without --new-origin from now on, and give auditors and witnesses the "
            "new verifier key"}});
    }
    parts.trail = std::move(trail);
    if (parts.signer != nullptr) StartPublisher(parts);
    ledgers_.Add(std::move(parts));
    return absl::OkStatus();
  }

  Micros RotationPeriod() const {
    return options_.rotate_wrapping_days * 24 * 3600 * kMicrosPerSecond;
  }

  // Before erasures and changes of wrapping keys, which it is told of.
  void StartVaultBackups() {
    if (vault_->vault() == nullptr || options_.vault_backup_dir.empty()) return;
    vault_backups_ =
        std::make_unique<ServedVaultBackups>(options_, *vault_->vault(), clock_, metrics_);
    vault_backups_->Start();
  }

  // Null when the vault is not backed up.
  eventstore::VaultBackupKeeper* VaultKeeper() {
    return vault_backups_ == nullptr ? nullptr : &vault_backups_->keeper();
  }

  void StartRotator() {
    eventstore::RotatorOptions options;
    options.clock = &clock_;
    options.period = RotationPeriod();
    if (vault_backups_ != nullptr) {
      options.before_destroying = [this](absl::FunctionRef<bool()> go_on) {
        vault_backups_->BeforeDestroying(go_on);
      };
    }
    vault_->Begun(
        options, [backed_up = vault_backups_ != nullptr](const absl::StatusOr<uint64_t>& keys) {
          if (keys.ok()) {
            Log(LogLevel::kInfo, "the wrapping key was changed and the older one destroyed",
                {{"data keys", std::to_string(*keys)},
                 {"next", backed_up ? "" : "back the vault up again"}});
          } else {
            Log(LogLevel::kError, "the wrapping key cannot be changed",
                {{"reason", std::string(keys.status().message())},
                 {"next", "it is tried again every minute; until then erasures are not complete"}});
          }
        });
  }

  void WatchDashboards() {
    dashboards_ = std::make_unique<DashboardHealth>(
        ledgers_, options_.dashboard_lag_seconds, [this](bool serving, const std::string& why) {
          grpc_->SetServing("caseledger.v1.DashboardService", serving);
          if (serving) {
            Log(LogLevel::kInfo, "dashboards are kept up again", {});
          } else {
            Log(LogLevel::kWarn, "dashboards are not kept up",
                {{"read model", why},
                 {"next", "`caseledger projection status` tells more; resume or rebuild it"}});
          }
        });
    dashboards_->Start();
  }

  absl::Status StartEraser(commands::LedgerParts& parts) {
    eventstore::Vault* const vault = vault_->vault();
    if (vault == nullptr) return absl::OkStatus();
    const std::string& name = parts.name;
    erasers_.push_back(std::make_unique<eventstore::Eraser>(
        *vault, name, *parts.log,
        [name, keeper = VaultKeeper()](const eventstore::StreamId& person,
                                       const absl::StatusOr<size_t>& destroyed) {
          if (destroyed.ok()) {
            if (keeper != nullptr) keeper->BackUpSoon();
            Log(LogLevel::kInfo, "a person was erased",
                {{"ledger", name},
                 {"person", person.id.ToString()},
                 {"keys_destroyed", StrCat(*destroyed)}});
          } else {
            Log(LogLevel::kError, "a person cannot be erased; it is tried again every second",
                {{"ledger", name},
                 {"person", person.id.ToString()},
                 {"reason", std::string(destroyed.status().message())}});
          }
        }));
    return erasers_.back()->Start();
  }

  static void StartPublisher(commands::LedgerParts& parts) {
    const std::string& name = parts.name;
    parts.publisher = std::make_unique<eventstore::Publisher>(
        *parts.log, *parts.signer,
        LogOfTrouble(name, LogLevel::kError, "no checkpoint can be signed",
                     "checkpoints are signed again"),
        LogOfTrouble(name, LogLevel::kWarn, "checkpoints wait for witnesses",
                     "checkpoints are published again"));
    parts.publisher->Start();
  }

  const ServerOptions options_;
  Clock& clock_;
  RandomSource& random_;
  bool closed_ = false;
  std::unique_ptr<Storage> storage_;
  eventstore::Engine* engine_ = nullptr;  // storage_'s
  std::set<std::string> created_;         // ledgers, at this start
  std::unique_ptr<VaultFiles> vault_;
  std::unique_ptr<projections::ReadModelStore> read_models_;
  commands::Ledgers ledgers_;
  std::vector<std::unique_ptr<eventstore::Eraser>> erasers_;  // of logs in ledgers_
  commands::CommandHandler handler_;
  StandbyHealth standby_health_;
  Metrics metrics_;
  timers::ExpiryWorker expiry_;
  timers::HeadsWorker heads_;
  std::unique_ptr<ServedVaultBackups> vault_backups_;
  std::unique_ptr<eventstore::BackupMaker> backups_;
  std::unique_ptr<web::HttpServer> log_server_;
  std::unique_ptr<access::Authenticator> authenticator_;
  std::unique_ptr<Port> port_;  // null: grpc_ opens it
  std::unique_ptr<rpc::GrpcServer> grpc_;
  std::unique_ptr<DashboardHealth> dashboards_;  // tells grpc_
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> StartServer(const ServerOptions& options, Clock& clock,
                                                    RandomSource& random) {
  auto server = std::make_unique<RunningServer>(options, clock, random);
  if (absl::Status status = server->Start(); !status.ok()) return status;
  return server;
}

}  // namespace caseledger::app
