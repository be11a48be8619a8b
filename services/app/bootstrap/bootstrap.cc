#include "services/app/bootstrap/bootstrap.h"

#include <filesystem>
#include <future>
#include <memory>
#include <system_error>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/sequencer/sequencer.h"
#include "services/access/rules/actions.h"
#include "services/access/rules/rules.h"
#include "services/app/vault/vault_files.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledgers.h"
#include "services/commands/rights.h"
#include "services/domain/rejection.h"

namespace caseledger::app {
namespace {

using event::v1::Fact;

constexpr char kAdministrator[] = "administrator";
constexpr char kFirstGrant[] = "first-administrator";

// The ledger without anything beside its log, as long as this lives.
class OfflineLedger {
 public:
  OfflineLedger(Clock& clock, RandomSource& random)
      : clock_(clock), random_(random), handler_(ledgers_, clock, random) {}
  ~OfflineLedger() {
    for (commands::Ledger* ledger : ledgers_.All()) ledger->parts.log->Close();
    if (vault_ != nullptr) vault_->Close().IgnoreError();
    if (storage_ != nullptr) storage_->Close().IgnoreError();
  }

  absl::Status Open(const BootstrapRequest& request) {
    const std::string& data_dir = request.data_dir;
    const std::string& name = request.ledger;
    std::error_code error;
    if (std::filesystem::create_directories(data_dir, error)) {
      std::filesystem::permissions(data_dir, std::filesystem::perms::owner_all, error);
    }
    if (error) {
      return absl::UnavailableError(
          StrCat("cannot create the directory ", data_dir, ": ", error.message()));
    }
    StorageOptions options;
    options.choice = request.storage;
    options.data_dir = data_dir;
    ASSIGN_OR_RETURN(storage_, Storage::Open(options, random_));
    eventstore::Engine& engine = storage_->engine();
    RETURN_IF_ERROR(storage_->MakeLedger(name, clock_).status());
    VaultPlace place = VaultIn(data_dir, request.vault_dir, request.wrapping_key_dir);
    place.token = request.token;
    ASSIGN_OR_RETURN(vault_,
                     VaultFiles::Open(place, engine, clock_, random_, storage_->OpenVaultStore()));
    commands::LedgerParts parts;
    parts.name = name;
    eventstore::SequencerOptions log_options;
    log_options.clock = &clock_;
    log_options.sealer = &vault_->sealer();
    ASSIGN_OR_RETURN(parts.log, eventstore::OpenLog(engine, name, log_options));
    ledgers_.Add(std::move(parts));
    return absl::OkStatus();
  }

  eventstore::EventLog& log() { return *(*ledgers_.Find(""))->parts.log; }

  absl::Status Record(const std::string& record, Fact fact) {
    v1::Command command;
    command.mutable_header()->set_request_id(Uuid::Generate(clock_, random_).ToString());
    command.set_record_id(record);
    *command.mutable_fact() = std::move(fact);
    std::promise<absl::Status> answered;
    handler_.SubmitFromServer(std::move(command),
                              [&](const absl::StatusOr<v1::CommandResult>& result) {
                                answered.set_value(result.status());
                              });
    return answered.get_future().get();
  }

 private:
  Clock& clock_;
  RandomSource& random_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<VaultFiles> vault_;
  commands::Ledgers ledgers_;
  commands::CommandHandler handler_;
};

eventstore::StreamId Named(options::v1::RecordKind kind, const std::string& name) {
  return commands::NamedStream(kind, name);
}

}  // namespace

absl::StatusOr<BootstrapResult> Bootstrap(const BootstrapRequest& request, Clock& clock,
                                          RandomSource& random) {
  ASSIGN_OR_RETURN(const access::Rules rules,
                   access::Rules::Parse(request.rules, access::PublicActions()));
  OfflineLedger ledger(clock, random);
  RETURN_IF_ERROR(ledger.Open(request));
  ASSIGN_OR_RETURN(const eventstore::StreamHead loaded_before,
                   ledger.log().FindStream(
                       Named(options::v1::RECORD_KIND_DEFINITION, commands::kAccessRulesName)));
  if (loaded_before.revision > 0) {
    return absl::AlreadyExistsError(StrCat(
        "the ledger ", request.ledger, " has had rules since position ", loaded_before.position,
        "; its administrator grants roles with `caseledger access grant`"));
  }
  ASSIGN_OR_RETURN(const eventstore::StreamHead agency,
                   ledger.log().FindStream(Named(options::v1::RECORD_KIND_AGENCY, request.agency)));
  if (agency.revision == 0) {
    Fact registered;
    registered.mutable_agency_registered()->set_kind("operator");
    registered.mutable_agency_registered()->set_name_vi(request.agency_name);
    RETURN_IF_ERROR(ledger.Record(request.agency, std::move(registered)));
  }
  Fact granted;
  granted.mutable_role_granted()->set_grant_id(StrCat(kFirstGrant, "/", request.person));
  granted.mutable_role_granted()->set_person_name(request.person);
  granted.mutable_role_granted()->set_role(kAdministrator);
  const absl::Status recorded = ledger.Record(request.agency, std::move(granted));
  // A run that was cut short is gone on with.
  if (!recorded.ok() && domain::ReasonOf(recorded) != domain::Reason::kGrantKeyUsed)
    return recorded;
  // Last: once there are rules, they hold for everybody.
  Fact loaded;
  loaded.mutable_access_rules_loaded()->set_text(request.rules);
  RETURN_IF_ERROR(ledger.Record(commands::kAccessRulesName, std::move(loaded)));
  return BootstrapResult{rules.version(), ledger.log().Head().next_position};
}

}  // namespace caseledger::app
