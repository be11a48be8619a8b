#include "tests/integration/support/cast.h"

#include <chrono>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "services/access/trail/trail.h"
#include "tests/integration/support/client.h"
#include "tests/support/admission.h"
#include "tests/support/bootstrapped.h"
#include "tests/support/identity_channels.h"
#include "tests/support/test_storage.h"

namespace caseledger::testing {
namespace {

constexpr std::chrono::seconds kCallLimit{30};

}  // namespace

std::vector<std::string> Cast::ServerFlags(const std::vector<std::string>& more) const {
  std::vector<std::string> flags = identities_.ServerFlags();
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

Who Cast::Administrator() {
  const Caller administrator = testing::Administrator();
  return {administrator.actor, administrator.agency, *administrator.roles.begin()};
}

void Cast::Begin(const std::string& data_dir, const std::string& ledger, Clock& clock) {
  BeginIn(StorageFor(data_dir), data_dir, ledger, clock);
}

void Cast::BeginIn(const app::StorageChoice& storage, const std::string& data_dir,
                   const std::string& ledger, Clock& clock) {
  const absl::Status begun = BootstrapLedgerIn(storage, data_dir, ledger, clock);
  ASSERT_TRUE(begun.ok()) << begun;
  const Who administrator = Administrator();
  if (first_ledger_.empty()) first_ledger_ = ledger;
  Granted& granted = ledgers_[ledger];
  granted.agencies = {administrator.agency};
  granted.roles = {{{administrator.agency, administrator.actor}, administrator.roles}};
}

void Cast::Serve(const std::string& address) {
  const std::lock_guard lock(mutex_);
  address_ = address;
  directory_ = v1::DirectoryService::NewStub(ConnectLocked(Administrator().agency));
}

std::shared_ptr<grpc::Channel> Cast::Connect(const std::string& agency) {
  const std::lock_guard lock(mutex_);
  return ConnectLocked(agency);
}

std::shared_ptr<grpc::Channel> Cast::ConnectLocked(const std::string& agency) {
  return grpc::CreateCustomChannel(address_, ChannelCredentialsOf(identities_, agency),
                                   ChannelArgumentsOfTests());
}

void Cast::Introduce(grpc::ClientContext& context, const Who& who) {
  const std::lock_guard lock(mutex_);
  IntroduceLocked(context, who);
}

void Cast::IntroduceLocked(grpc::ClientContext& context, const Who& who) {
  if (!who.actor.empty()) {
    context.AddMetadata("authorization", identities_.Bearer(who.agency, who.actor));
  }
  if (!who.purpose.empty()) context.AddMetadata("caseledger-purpose", who.purpose);
  if (!who.warrant.empty()) context.AddMetadata("caseledger-warrant", who.warrant);
}

std::vector<std::string> Cast::ProgramFlags(const Who& who) {
  const std::lock_guard lock(mutex_);
  const auto [certificate, key] = identities_.CertificateFilesOf(who.agency);
  std::vector<std::string> flags = {"--server", address_,    "--ca",  identities_.client_ca_file(),
                                    "--cert",   certificate, "--key", key};
  const auto add = [&flags](const char* flag, const std::string& value) {
    if (!value.empty()) flags.insert(flags.end(), {flag, value});
  };
  if (!who.actor.empty()) add("--token-file", identities_.TokenFileOf(who.agency, who.actor));
  add("--purpose", who.purpose);
  add("--warrant", who.warrant);
  return flags;
}

std::pair<const std::string, Cast::Granted>* Cast::Find(std::string ledger) {
  if (ledger.empty()) ledger = first_ledger_;
  if (access::IsTrailLedger(ledger)) ledger = access::LedgerOfTrail(ledger);
  const auto found = ledgers_.find(ledger);
  return found == ledgers_.end() ? nullptr : &*found;
}

void Cast::Admit(const std::string& ledger, const Who& who) {
  const std::lock_guard lock(mutex_);
  auto* const begun = Find(ledger);
  if (begun == nullptr) return;
  auto& [name, granted] = *begun;
  const auto [known, first] = granted.roles.try_emplace({who.agency, who.actor}, who.roles);
  if (!first) {
    EXPECT_EQ(known->second, who.roles) << who.agency << "/" << who.actor << " is somebody else";
    return;
  }
  RegisterOnce(name, granted, who.agency);
  for (const absl::string_view role : absl::StrSplit(who.roles, ',', absl::SkipEmpty())) {
    Grant(name, who, std::string(role));
  }
}

void Cast::Register(const std::string& ledger, const std::string& agency) {
  const std::lock_guard lock(mutex_);
  auto* const begun = Find(ledger);
  ASSERT_NE(begun, nullptr) << ledger << " has no administrator";
  RegisterOnce(begun->first, begun->second, agency);
}

template <typename Request>
Request Cast::RequestOf(const std::string& ledger, const std::string& agency) const {
  Request request;
  request.mutable_header()->set_ledger(ledger);
  request.mutable_header()->set_request_id(NewUuid());
  request.set_agency_id(agency);
  return request;
}

void Cast::PrepareAsAdministrator(grpc::ClientContext& context) {
  IntroduceLocked(context, Administrator());
  context.set_deadline(std::chrono::system_clock::now() + kCallLimit);
}

void Cast::RegisterOnce(const std::string& ledger, Granted& granted, const std::string& agency) {
  if (!granted.agencies.insert(agency).second) return;
  auto request = RequestOf<v1::RegisterAgencyRequest>(ledger, agency);
  request.mutable_fact()->set_kind("social_work_centre");
  request.mutable_fact()->set_name_vi("Trung tâm");
  grpc::ClientContext context;
  PrepareAsAdministrator(context);
  v1::CommandResult result;
  const grpc::Status status = directory_->RegisterAgency(&context, request, &result);
  // It may have come with an import.
  EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::ALREADY_EXISTS)
      << agency << ": " << status.error_message();
}

void Cast::Grant(const std::string& ledger, const Who& who, const std::string& role) {
  auto request = RequestOf<v1::GrantRoleRequest>(ledger, who.agency);
  request.mutable_fact()->set_grant_id(who.actor + "/" + role);
  request.mutable_fact()->set_person_name(who.actor);
  request.mutable_fact()->set_role(role);
  grpc::ClientContext context;
  PrepareAsAdministrator(context);
  v1::CommandResult result;
  const grpc::Status status = directory_->GrantRole(&context, request, &result);
  EXPECT_TRUE(status.ok()) << request.fact().grant_id() << ": " << status.error_message();
}

}  // namespace caseledger::testing
