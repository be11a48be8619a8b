#include "tests/support/admission.h"

#include <fstream>
#include <future>
#include <iterator>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/rights.h"
#include "services/commands/times.h"

namespace caseledger::testing {
namespace {

using event::v1::Fact;

Fact Registration() {
  Fact fact;
  fact.mutable_agency_registered()->set_kind("centre");
  fact.mutable_agency_registered()->set_name_vi("Trung tâm");
  return fact;
}

Fact Grant(const std::string& person, const std::string& role) {
  Fact fact;
  fact.mutable_role_granted()->set_grant_id(StrCat(person, "/", role));
  fact.mutable_role_granted()->set_person_name(person);
  fact.mutable_role_granted()->set_role(role);
  return fact;
}

}  // namespace

const std::string& DeliveredRules() {
  static const auto& rules = *[] {
    std::ifstream file(CASELEDGER_RULES, std::ios::binary);
    return new std::string{std::istreambuf_iterator<char>(file), {}};
  }();
  return rules;
}

access::Call Caller::Call() const {
  access::Call call;
  call.is_program = actor.empty();
  call.actor = call.is_program ? access::kProgramActor : actor;
  call.agency = agency;
  call.purpose = purpose;
  call.warrant = warrant;
  return call;
}

absl::Status Admissions::Record(commands::CommandHandler& handler, const Caller* caller,
                                const std::string& record, Fact fact) {
  v1::Command command;
  v1::CommandHeader& header = *command.mutable_header();
  header.set_ledger(ledger_);
  header.set_request_id(
      Uuid::FromName(Uuid{}, StrCat("admission/", ledger_, "/", requests_++)).ToString());
  *header.mutable_occurred_time() = commands::ToTimestamp(occurred_at_);
  command.set_record_id(record);
  *command.mutable_fact() = std::move(fact);
  std::promise<absl::Status> answered;
  const auto done = [&answered](const absl::StatusOr<v1::CommandResult>& result) {
    answered.set_value(result.status());
  };
  if (caller == nullptr) {
    handler.SubmitFromServer(std::move(command), done);
  } else {
    handler.Submit(std::move(command), caller->Call(), done);
  }
  return answered.get_future().get();
}

absl::Status Admissions::Begin(commands::CommandHandler& handler) {
  const Caller administrator = Administrator();
  RETURN_IF_ERROR(Record(handler, nullptr, administrator.agency, Registration()));
  RETURN_IF_ERROR(Record(handler, nullptr, administrator.agency,
                         Grant(administrator.actor, *administrator.roles.begin())));
  Fact rules;
  rules.mutable_access_rules_loaded()->set_text(DeliveredRules());
  RETURN_IF_ERROR(Record(handler, nullptr, commands::kAccessRulesName, std::move(rules)));
  agencies_.insert(administrator.agency);
  roles_[{administrator.agency, administrator.actor}] = administrator.roles;
  return absl::OkStatus();
}

absl::Status Admissions::Register(commands::CommandHandler& handler, const std::string& agency) {
  if (!agencies_.insert(agency).second) return absl::OkStatus();
  const Caller administrator = Administrator();
  return Record(handler, &administrator, agency, Registration());
}

absl::Status Admissions::Admit(commands::CommandHandler& handler, const Caller& caller) {
  const auto [known, first] = roles_.try_emplace({caller.agency, caller.actor}, caller.roles);
  if (!first) {
    if (known->second == caller.roles) return absl::OkStatus();
    return absl::InvalidArgumentError(
        StrCat(caller.agency, "/", caller.actor, " had other roles at their first call"));
  }
  RETURN_IF_ERROR(Register(handler, caller.agency));
  const Caller administrator = Administrator();
  for (const std::string& role : caller.roles) {
    RETURN_IF_ERROR(Record(handler, &administrator, caller.agency, Grant(caller.actor, role)));
  }
  return absl::OkStatus();
}

}  // namespace caseledger::testing
