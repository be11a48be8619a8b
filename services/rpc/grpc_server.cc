#include "services/rpc/grpc_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include "eventstore/base/scheduler.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/rpc/access_service.h"
#include "services/rpc/audit_service.h"
#include "services/rpc/backup_calls.h"
#include "services/rpc/batch_service.h"
#include "services/rpc/command_services.h"
#include "services/rpc/connections/acceptor.h"
#include "services/rpc/history_service.h"
#include "services/rpc/publication_service.h"
#include "services/rpc/queries.h"
#include "services/rpc/query_services.h"

namespace caseledger::rpc {
namespace {

// The largest command takes a tenth of it; batches are split. A larger message is refused, but only
// once it is there: what may come in at all is bounded by the acceptor.
constexpr int kMaxRequestBytes = 4 << 20;
// Calls that one connection may have open; more wait at the client. All agencies share the memory
// in which gRPC takes in requests: when it is used up, connections are read more slowly.
constexpr int kMostCallsOfAConnection = 256;
constexpr size_t kRequestMemoryBytes = 1u << 30;
constexpr int kHandshakeMilliseconds = 20'000;

template <typename Duration>
int MillisecondsOf(Duration duration) {
  return static_cast<int>(std::chrono::milliseconds(duration).count());
}

class RunningServer final : public GrpcServer {
 public:
  RunningServer(const GrpcServerOptions& options, const commands::Ledgers& ledgers,
                commands::CommandHandler& handler, Clock& clock)
      : executor_(options.query_threads, options.max_waiting_queries),
        warden_(options.streams),
        subscribers_(options.max_subscribers),
        limits_(options.agency, MonotonicNow),
        callers_(*options.authenticator, limits_, refusals_),
        commands_(handler, callers_),
        queries_(ledgers, executor_, callers_, clock),
        answers_(ledgers, clock, options.version, options.vault),
        backups_(options.backup_maker, ledgers, callers_, options.streams, clock),
        intake_(commands_),
        person_(commands_, queries_, answers_),
        exports_(ledgers, executor_, warden_, callers_, options.max_exports, clock),
        privacy_(commands_, queries_, answers_, exports_),
        directory_(commands_),
        casework_(commands_, queries_, answers_),
        referral_(commands_, queries_, answers_),
        shelter_(commands_, queries_, answers_),
        closure_(commands_, queries_, answers_),
        history_(commands_, ledgers, executor_, warden_, callers_, subscribers_,
                 options.max_replays, clock),
        audit_(exports_),
        live_(ledgers, executor_, warden_, callers_, answers_, options.max_dashboards, clock),
        dashboard_(queries_, answers_, live_),
        publications_(handler, clock, options.smallest_shown),
        publication_(queries_, publications_),
        admin_(queries_, answers_, backups_),
        access_(queries_, ledgers, clock),
        batch_(handler, callers_, warden_) {}
  ~RunningServer() override { Shutdown(absl::ZeroDuration()); }

  absl::Status Start(const GrpcServerOptions& options, Clock& clock) {
    acceptor_ = options.acceptor;
    if (acceptor_ == nullptr) {
      ASSIGN_OR_RETURN(acceptor_,
                       OpenAcceptor(options.listen, options.connections, options.on_ending));
    }
    ASSIGN_OR_RETURN(const auto credentials,
                     MakeServerCredentials(options.tls, *options.authenticator, clock));
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    // Else gRPC takes tens of megabytes from a stream that is not being read.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostCallsOfAConnection);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                               MillisecondsOf(options.connection_age));
    // By then its streams have ended of themselves.
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                               MillisecondsOf(options.streams.oldest + std::chrono::minutes(1)));
    grpc::ResourceQuota memory("caseledger");
    builder.SetResourceQuota(memory.Resize(kRequestMemoryBytes));
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMilliseconds);
    external_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
    for (grpc::Service* service : Services()) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::InternalError("gRPC does not start");
    grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
    for (const char* name : kServiceNames) health->SetServingStatus(name, true);
    callers_.TellWhose(acceptor_.get());
    acceptor_->Start([this](int connection) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
      parameters.fd = connection;
      external_->HandleNewConnection(&parameters);
    });
    return absl::OkStatus();
  }

  int port() const override { return acceptor_->port(); }

  void SetServing(const std::string& service, bool serving) override {
    const std::lock_guard lock(shutdown_mutex_);
    if (server_ != nullptr) server_->GetHealthCheckService()->SetServingStatus(service, serving);
  }

  void Shutdown(absl::Duration grace) override {
    const std::lock_guard lock(shutdown_mutex_);
    if (server_ == nullptr) return;
    if (acceptor_ != nullptr) acceptor_->StopAccepting();
    if (auto* health = server_->GetHealthCheckService(); health != nullptr) health->Shutdown();
    subscribers_.CancelAll();
    live_.EndAll();
    batch_.Drain();
    backups_.StopAll();
    server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
    server_.reset();
  }

 private:
  static constexpr const char* kServiceNames[] = {
      "caseledger.v1.IntakeService",     "caseledger.v1.PersonService",
      "caseledger.v1.DirectoryService",  "caseledger.v1.CaseworkService",
      "caseledger.v1.ReferralService",   "caseledger.v1.ShelterService",
      "caseledger.v1.ClosureService",    "caseledger.v1.HistoryService",
      "caseledger.v1.DashboardService",  "caseledger.v1.AdminService",
      "caseledger.v1.AccessService",     "caseledger.v1.BatchService",
      "caseledger.v1.AuditService",      "caseledger.v1.PrivacyService",
      "caseledger.v1.PublicationService"};

  std::vector<grpc::Service*> Services() {
    return {&intake_,  &person_,  &directory_, &casework_, &referral_,
            &shelter_, &closure_, &history_,   &audit_,    &dashboard_,
            &admin_,   &access_,  &batch_,     &privacy_,  &publication_};
  }

  Executor executor_;
  StreamWarden warden_;
  SubscriberPool subscribers_;
  access::AgencyLimits limits_;
  Refusals refusals_;
  Callers callers_;
  CommandAdapter commands_;
  QueryRunner queries_;
  Queries answers_;
  BackupCalls backups_;
  IntakeServiceImpl intake_;
  PersonServiceImpl person_;
  Exports exports_;
  PrivacyServiceImpl privacy_;
  DirectoryServiceImpl directory_;
  CaseworkServiceImpl casework_;
  ReferralServiceImpl referral_;
  ShelterServiceImpl shelter_;
  ClosureServiceImpl closure_;
  HistoryServiceImpl history_;
  AuditServiceImpl audit_;
  LiveDashboards live_;
  DashboardServiceImpl dashboard_;
  Publications publications_;
  PublicationServiceImpl publication_;
  AdminServiceImpl admin_;
  AccessServiceImpl access_;
  BatchServiceImpl batch_;
  std::mutex shutdown_mutex_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> external_;
  std::shared_ptr<Acceptor> acceptor_;  // hands connections to `external_`
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> StartGrpcServer(const GrpcServerOptions& options,
                                                            const commands::Ledgers& ledgers,
                                                            commands::CommandHandler& handler,
                                                            Clock& clock) {
  auto server = std::make_unique<RunningServer>(options, ledgers, handler, clock);
  if (absl::Status status = server->Start(options, clock); !status.ok()) return status;
  return server;
}

}  // namespace caseledger::rpc
