#include "tests/bench/load/deployment.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include "caseledger/v1/batch.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/integration/support/client.h"
#include "tests/support/identity_channels.h"

namespace caseledger::bench {
namespace {

constexpr auto kDeadline = std::chrono::hours(2);  // filling a large ledger is one call

absl::StatusOr<std::string> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file.good()) return absl::NotFoundError(StrCat("cannot read ", path));
  return content.str();
}

}  // namespace

absl::StatusOr<Caller> Caller::FromFiles(const std::string& address, const CallerFiles& files) {
  grpc::SslCredentialsOptions options;
  ASSIGN_OR_RETURN(options.pem_root_certs, Read(files.authority));
  ASSIGN_OR_RETURN(options.pem_cert_chain, Read(files.certificate));
  ASSIGN_OR_RETURN(options.pem_private_key, Read(files.key));
  ASSIGN_OR_RETURN(std::string token, Read(files.token));
  token.erase(std::remove(token.begin(), token.end(), '\n'), token.end());
  return Caller(grpc::CreateCustomChannel(address, grpc::SslCredentials(options),
                                          testing::ChannelArgumentsOfTests()),
                StrCat("Bearer ", token));
}

void Caller::Prepare(grpc::ClientContext& context) const {
  context.AddMetadata("authorization", bearer_);
  if (!purpose_.empty()) context.AddMetadata("caseledger-purpose", purpose_);
  if (!warrant_.empty()) context.AddMetadata("caseledger-warrant", warrant_);
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

Deployment::Deployment(const std::string& directory)
    : Deployment(directory, testing::StorageFor(directory)) {}

Deployment::Deployment(std::string directory, app::StorageChoice storage,
                       std::vector<std::string> ledgers)
    : directory_(std::move(directory)),
      storage_(std::move(storage)),
      ledgers_(std::move(ledgers)),
      cast_(directory_ + "-pki") {}

std::vector<std::string> Deployment::Begin() {
  for (const std::string& ledger : ledgers_) {
    if (!begun_) cast_.BeginIn(storage_, directory_, ledger, SystemClock());
  }
  begun_ = true;
  return cast_.identities().ServerFlags();
}

absl::Status Deployment::Start(const std::vector<std::string>& flags) {
  std::vector<std::string> all = Begin();
  const std::vector<std::string> storage = testing::StorageFlags(storage_);
  all.insert(all.end(), storage.begin(), storage.end());
  all.insert(all.end(), flags.begin(), flags.end());
  server_ = std::make_unique<testing::ServerProcess>(directory_, ledgers_, all);
  if (server_->address().empty()) return absl::UnavailableError(server_->process().err());
  cast_.Serve(server_->address());
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<testing::ServerProcess>> Deployment::StandBy(
    const std::vector<std::string>& flags) {
  std::vector<std::string> all = Begin();
  all.emplace_back("--standby");
  for (const char* folder : {"key", "checkpoint", "wrapping-key"}) {
    all.insert(all.end(), {StrCat("--", folder, "-dir"), StrCat(directory_, "/", folder, "s")});
  }
  const std::vector<std::string> storage = testing::StorageFlags(storage_);
  all.insert(all.end(), storage.begin(), storage.end());
  all.insert(all.end(), flags.begin(), flags.end());
  auto server = std::make_unique<testing::ServerProcess>(testing::ServerProcess::StandingBy{},
                                                         directory_ + "-standby", ledgers_, all);
  if (!server->AwaitPassingOn()) return absl::UnavailableError(server->process().err());
  return server;
}

Caller Deployment::As(const testing::Who& who) {
  for (const std::string& ledger : ledgers_) cast_.Admit(ledger, who);
  return At(cast_.address(), who);
}

Caller Deployment::At(const std::string& address, const testing::Who& who) {
  testing::Identities& identities = cast_.identities();
  return {grpc::CreateCustomChannel(address, testing::ChannelCredentialsOf(identities, who.agency),
                                    testing::ChannelArgumentsOfTests()),
          identities.Bearer(who.agency, who.actor), who.purpose, who.warrant};
}

CallerFiles Deployment::FilesOf(const testing::Who& who) {
  testing::Identities& identities = cast_.identities();
  const auto [certificate, key] = identities.CertificateFilesOf(who.agency);
  return {identities.client_ca_file(), certificate, key,
          identities.TokenFileOf(who.agency, who.actor)};
}

}  // namespace caseledger::bench
