#include "services/rpc/explain.h"

#include <optional>

#include "eventstore/base/status_macros.h"
#include "services/access/rules/actions.h"
#include "services/commands/references.h"
#include "services/commands/validation.h"
#include "services/rpc/recorded_event.h"

namespace caseledger::rpc {
namespace {

using commands::Verdict;
using eventstore::StreamId;

constexpr auto kTrail = options::v1::RECORD_KIND_ACCESS_TRAIL;

absl::Status CheckAction(const v1::ExplainAccessRequest& request) {
  if (access::PublicActions().contains(request.action())) return absl::OkStatus();
  return commands::InvalidRequest(
      {commands::Violation{"action", "must be a method such as GetCase, or Import or Refer"}});
}

// The person asked about, as if they called with what is to be supposed.
access::Call Supposed(const Reading& reading, const v1::ExplainAccessRequest& request) {
  access::Call call;
  const access::Call& caller = reading.call();
  call.actor = request.person_name().empty() ? caller.actor : request.person_name();
  call.agency = request.agency_id().empty() ? caller.agency : request.agency_id();
  call.is_program = call.actor == access::kProgramActor;
  call.purpose = request.purpose();
  call.warrant = request.warrant();
  return call;
}

void Show(const Verdict& verdict, const commands::RulesInForce& rules,
          v1::ExplainAccessResponse& response) {
  response.set_allowed(verdict.allowed());
  if (!verdict.allowed()) response.set_reason(std::string(NameOf(verdict.answer.refusal)));
  for (const std::string& role : verdict.roles) response.add_roles(role);
  for (const std::string& relation : NamesOf(verdict.standing.relations)) {
    response.add_relations(relation);
  }
  response.set_consent(verdict.standing.consent);
  response.set_rule_line(verdict.answer.line);
  response.set_rule(rules.rules.TextOfLine(verdict.answer.line));
  response.set_rules_version(verdict.rules_version);
  response.set_rules_position(verdict.rules_position);
  if (verdict.allowed()) response.set_level(std::string(NameOf(verdict.answer.level)));
}

// As a record that is not there answers: nothing about it, whatever is true.
void ShowUnknown(const Verdict& verdict, v1::ExplainAccessResponse& response) {
  response.set_reason("RECORD_UNKNOWN");
  for (const std::string& role : verdict.roles) response.add_roles(role);
  response.set_rules_version(verdict.rules_version);
  response.set_rules_position(verdict.rules_position);
}

}  // namespace

absl::Status ExplainAccess(Reading& reading, const v1::ExplainAccessRequest& request,
                           v1::ExplainAccessResponse& response) {
  RETURN_IF_ERROR(CheckAction(request));
  const access::Call subject = Supposed(reading, request);
  const bool of_themselves =
      subject.actor == reading.call().actor && subject.agency == reading.call().agency;
  ASSIGN_OR_RETURN(commands::Ledger * ledger,
                   reading.Begin(request.ledger(), of_themselves ? kTrail : request.record_kind()));
  if (!of_themselves) {
    // Who may read the trail of the subject, or of the record.
    ASSIGN_OR_RETURN(const Verdict trail,
                     reading.Ask(access::TrailStreamOf(subject.agency, subject.actor)));
    if (!trail.allowed())
      RETURN_IF_ERROR(reading.Open(request.record_kind(), request.record_id()).status());
  }
  std::optional<StreamId> record;
  if (request.record_kind() != options::v1::RECORD_KIND_UNSPECIFIED) {
    const absl::StatusOr<StreamId> found = commands::FindRecordToRead(
        IndexOf(*ledger->parts.log), request.record_kind(), request.record_id());
    if (found.ok()) record = *found;
    if (!found.ok() && !absl::IsNotFound(found.status()) &&
        !absl::IsInvalidArgument(found.status())) {
      return found.status();
    }
  }
  return ledger->read_rights.With(
      subject, reading.now(), [&](commands::Rights& rights) -> absl::Status {
        ASSIGN_OR_RETURN(const auto rules, rights.Rules());
        ASSIGN_OR_RETURN(Verdict verdict, rights.Ask(request.action(), request.record_kind()));
        // What no relation could make allowed needs no record to be explained.
        const bool needs_record = request.record_kind() != options::v1::RECORD_KIND_UNSPECIFIED;
        if (!verdict.allowed() || !needs_record) {
          verdict.standing = {};
          Show(verdict, *rules, response);
          return absl::OkStatus();
        }
        if (!record.has_value()) {
          ShowUnknown(verdict, response);
          return absl::OkStatus();
        }
        ASSIGN_OR_RETURN(const Verdict answer, rights.Ask(request.action(), *record));
        ASSIGN_OR_RETURN(const bool known, rights.MayKnow(*record));
        if (answer.allowed() || known || !of_themselves) {
          Show(answer, *rules, response);
        } else {
          ShowUnknown(answer, response);
        }
        return absl::OkStatus();
      });
}

}  // namespace caseledger::rpc
