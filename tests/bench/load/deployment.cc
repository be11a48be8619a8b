#include "tests/bench/load/deployment.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <utility>

#include "caseledger/v1/batch.grpc.pb.h"
#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/app/bootstrap/bootstrap.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/integration/support/client.h"
#include "tests/support/identity_channels.h"

namespace caseledger::bench {
namespace {

constexpr char kAdministrator[] = "lan";
constexpr auto kDeadline = std::chrono::minutes(10);

absl::StatusOr<std::string> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file.good()) return absl::NotFoundError(StrCat("cannot read ", path));
  return content.str();
}

}  // namespace

Caller::Caller(const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials,
               std::string bearer)
    : bearer_(std::move(bearer)) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  channel_ = grpc::CreateCustomChannel(address, credentials, arguments);
}

absl::StatusOr<Caller> Caller::FromFiles(const std::string& address, const CallerFiles& files) {
  grpc::SslCredentialsOptions options;
  ASSIGN_OR_RETURN(options.pem_root_certs, Read(files.authority));
  ASSIGN_OR_RETURN(options.pem_cert_chain, Read(files.certificate));
  ASSIGN_OR_RETURN(options.pem_private_key, Read(files.key));
  ASSIGN_OR_RETURN(std::string token, Read(files.token));
  token.erase(std::remove(token.begin(), token.end(), '\n'), token.end());
  return Caller(address, grpc::SslCredentials(options), StrCat("Bearer ", token));
}

void Caller::Prepare(grpc::ClientContext& context) const {
  context.AddMetadata("authorization", bearer_);
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
}

absl::StatusOr<std::string> RecordAs(const Caller& caller, v1::Command command) {
  command.mutable_header()->set_ledger(kLedger);
  command.mutable_header()->set_request_id(testing::NewUuid());
  grpc::ClientContext context;
  caller.Prepare(context);
  const auto stream = v1::BatchService::NewStub(caller.channel())->Execute(&context);
  v1::ExecuteRequest request;
  *request.add_commands() = std::move(command);
  stream->Write(request);
  stream->WritesDone();
  v1::ExecuteResponse response;
  const bool answered = stream->Read(&response);
  const grpc::Status status = stream->Finish();
  if (!answered || !status.ok()) return absl::UnavailableError(status.error_message());
  if (response.answers(0).has_error()) {
    return absl::UnavailableError(response.answers(0).error().message());
  }
  return response.answers(0).result().record_id();
}

Deployment::Deployment(std::string directory)
    : directory_(std::move(directory)), identities_(directory_ + "-pki") {}

absl::Status Deployment::Start(const std::vector<std::string>& flags) {
  app::BootstrapRequest request;
  request.data_dir = directory_;
  request.ledger = kLedger;
  request.agency = kAgency;
  request.agency_name = kAgency;
  request.person = kAdministrator;
  ASSIGN_OR_RETURN(request.rules, Read(CASELEDGER_RULES));
  RETURN_IF_ERROR(app::Bootstrap(request, SystemClock(), SystemRandom()).status());
  agencies_.emplace_back(kAgency);
  std::vector<std::string> all = identities_.ServerFlags();
  all.insert(all.end(), flags.begin(), flags.end());
  server_ =
      std::make_unique<testing::ServerProcess>(directory_, std::vector<std::string>{kLedger}, all);
  if (server_->address().empty()) return absl::UnavailableError(server_->process().err());
  return absl::OkStatus();
}

Caller Deployment::As(const std::string& agency, const std::string& person) {
  return {server_->address(), testing::ChannelCredentialsOf(identities_, agency),
          identities_.Bearer(agency, person)};
}

CallerFiles Deployment::FilesOf(const std::string& agency, const std::string& person) {
  const auto [certificate, key] = identities_.CertificateFilesOf(agency);
  return {identities_.client_ca_file(), certificate, key, identities_.TokenFileOf(agency, person)};
}

absl::Status Deployment::Grant(const std::string& agency, const std::string& person,
                               const std::string& role) {
  const Caller administrator = As(kAgency, kAdministrator);
  if (std::find(agencies_.begin(), agencies_.end(), agency) == agencies_.end()) {
    v1::Command command;
    command.set_record_id(agency);
    command.mutable_fact()->mutable_agency_registered()->set_kind("centre");
    command.mutable_fact()->mutable_agency_registered()->set_name_vi(agency);
    RETURN_IF_ERROR(RecordAs(administrator, std::move(command)).status());
    agencies_.push_back(agency);
  }
  v1::Command command;
  command.set_record_id(agency);
  command.mutable_fact()->mutable_role_granted()->set_grant_id(StrCat(person, "/", role));
  command.mutable_fact()->mutable_role_granted()->set_person_name(person);
  command.mutable_fact()->mutable_role_granted()->set_role(role);
  return RecordAs(administrator, std::move(command)).status();
}

}  // namespace caseledger::bench
