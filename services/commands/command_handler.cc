#include "services/commands/command_handler.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/access/rules/actions.h"
#include "services/commands/definitions.h"
#include "services/commands/foresight.h"
#include "services/commands/judge.h"
#include "services/commands/methods.h"
#include "services/commands/text.h"
#include "services/commands/times.h"
#include "services/commands/validation.h"
#include "services/domain/rejection.h"

namespace caseledger::commands {
namespace {

using domain::Reason;
using domain::Reject;

constexpr size_t kSaltBytes = 16;

bool IsServerFact(const Fact& fact) {
  switch (static_cast<int>(fact.kind_case())) {
    case Fact::kShelterStayOpened:
    case Fact::kShelterStayClosed:
    case Fact::kStayBegan:
    case Fact::kStayFinished:
    case Fact::kReferralExpired:
    case Fact::kHoldExpired:
    case Fact::kHeadsCommitted:
    case Fact::kReferralConsentLost:
    case Fact::kRecordAccessed:
    case Fact::kAccessDenied:
    case Fact::kBreakGlassUsed:
    case Fact::kBreakGlassReviewed:
    case Fact::kDisclosureMade:
    case Fact::kReportPublished:
      return true;
    default:
      return false;
  }
}

// The record's kind as the fact says it; for a void, as the request says it.
RecordKind KindOfRecord(const v1::Command& command) {
  const Fact& fact = command.fact();
  if (fact.has_event_voided()) return command.record_kind();
  const FactSchema* schema =
      fact.has_fact_corrected() ? SchemaOf(fact.fact_corrected().replacement()) : SchemaOf(fact);
  return schema == nullptr ? RecordKind::RECORD_KIND_UNSPECIFIED : schema->kind;
}

void CheckRecordId(const v1::Command& command, RecordKind kind,
                   std::vector<Violation>& violations) {
  const FactSchema& schema = *SchemaOf(command.fact());
  if (!schema.creates || IsNamedKind(kind)) {
    if (command.record_id().empty()) {
      violations.push_back({"record_id", "must name the record"});
    } else if (IsNamedKind(kind) && !IsKey(command.record_id())) {
      violations.push_back({"record_id", "must be a short name: 1 to 64 of A-Z a-z 0-9 . _ - / :"});
    }
  } else if (!command.record_id().empty() && !Uuid::Parse(command.record_id()).has_value()) {
    violations.push_back({"record_id", "must be a UUID, or empty to let the server choose"});
  }
}

std::vector<Violation> CheckCommand(const v1::Command& command, Micros now) {
  std::vector<Violation> violations = Validate(command, now);
  const v1::CommandHeader& header = command.header();
  if (header.has_expected_revision() && header.expected_revision() < 0) {
    violations.push_back({"header.expected_revision", "must be 0 or more"});
  }
  if (SchemaOf(command.fact()) == nullptr) {
    if (command.has_fact()) {
      violations.push_back({"fact", "must be one of the facts this server knows"});
    }
    return violations;
  }
  const RecordKind kind = KindOfRecord(command);
  if (kind == RecordKind::RECORD_KIND_UNSPECIFIED) {
    violations.push_back(
        {command.fact().has_event_voided() ? "record_kind" : "fact.fact_corrected.replacement",
         "must say which kind of record it is about"});
    return violations;
  }
  CheckRecordId(command, kind, violations);
  return violations;
}

// What makes two requests the same: all but what only traces them, the ledger's name, which may be
// left out, and the request id itself, which may be written in either case.
std::string ContentOf(v1::Command& command) {
  if (!command.has_header()) return command.SerializeAsString();
  v1::CommandHeader& header = *command.mutable_header();
  std::string correlation = std::move(*header.mutable_correlation_id());
  std::string causation = std::move(*header.mutable_causation_id());
  header.clear_correlation_id();
  header.clear_causation_id();
  std::string request_id = std::move(*header.mutable_request_id());
  header.clear_request_id();
  std::string ledger = std::move(*header.mutable_ledger());
  header.clear_ledger();
  std::string content = command.SerializeAsString();
  header.set_correlation_id(std::move(correlation));
  header.set_causation_id(std::move(causation));
  header.set_request_id(std::move(request_id));
  header.set_ledger(std::move(ledger));
  return content;
}

// The fact that is to count: for a correction, the replacement.
const Fact& ContentFact(const v1::Command& command) {
  const Fact& fact = command.fact();
  return fact.has_fact_corrected() ? fact.fact_corrected().replacement() : fact;
}

void CompletePlan(event::v1::PlanDrafted& plan, RandomSource& random) {
  std::string salt(kSaltBytes, '\0');
  random.Fill(reinterpret_cast<uint8_t*>(salt.data()), salt.size());
  plan.mutable_private_part()->set_salt(salt);
  plan.set_content_hash(std::string(Sha256({salt, plan.private_part().text()}).raw()));
}

Uuid OptionalUuid(const std::string& text) { return Uuid::Parse(text).value_or(Uuid{}); }

eventstore::EventOrigin OriginOf(const PreparedCommand& prepared) {
  const v1::CommandHeader& header = prepared.command.header();
  eventstore::EventOrigin origin;
  origin.actor = prepared.call.actor;
  origin.agency = prepared.call.agency;
  origin.purpose = header.purpose();
  origin.legal_basis = header.legal_basis();
  origin.correlation_id = OptionalUuid(header.correlation_id());
  origin.causation_id = OptionalUuid(header.causation_id());
  origin.traceparent = prepared.call.traceparent;
  origin.request_id = prepared.request_id;
  if (header.has_import()) {
    origin.on_behalf_of = header.import().on_behalf_of();
    origin.source_file = StrCat(header.import().source(), "/", header.import().file());
    origin.source_row = header.import().row();
  }
  return origin;
}

bool IsCoveredByImport(const v1::Command& command, RecordKind kind) {
  return command.header().has_import() &&
         access::ActionOfCommand(MethodOf(command.fact()), kind, /*imported=*/true) ==
             access::kImportAction;
}

// That there is no such record for the caller, a fact may name it, is told at a whole beat.
void AnswerAtBeat(access::Beat& beat, absl::Status status,
                  const std::function<void(absl::Status)>& answer) {
  if (!absl::IsNotFound(status)) return answer(std::move(status));
  beat.AtNext([status = std::move(status), answer] { answer(status); });
}

// What the server does by the clock.
access::Call ServerCall() {
  access::Call call;
  call.actor = "caseledgerd";
  call.agency = access::kServerAgency;
  return call;
}

}  // namespace

CommandHandler::Done CommandHandler::Observed(const v1::Command& command, Done done) {
  if (observer_ == nullptr) return done;
  return [this, started = std::chrono::steady_clock::now(),
          fact = FactName(static_cast<uint32_t>(command.fact().kind_case())),
          done = std::move(done)](absl::StatusOr<v1::CommandResult> result) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    observer_->OnCommand(fact, result.status().code(), took.count());
    done(std::move(result));
  };
}

void CommandHandler::Submit(v1::Command command, const access::Call& call, Done done) {
  done = Observed(command, std::move(done));
  if (!IsKey(call.actor) || !IsKey(call.agency) || call.agency == access::kServerAgency) {
    return done(
        absl::UnauthenticatedError("CALLER_UNKNOWN: say who is calling, and for which agency: 1 to "
                                   "64 of A-Z a-z 0-9 . _ - / :"));
  }
  std::string content = ContentOf(command);
  absl::StatusOr<PreparedCommand> prepared = Prepare(std::move(command), call, By::kCaller);
  if (!prepared.ok()) return done(prepared.status());
  Append(*std::move(prepared), std::move(content), std::move(done));
}

void CommandHandler::SubmitCompleted(v1::Command command, Fact completed,
                                     std::vector<std::string> data_quality,
                                     const access::Call& call, Done done) {
  done = Observed(command, std::move(done));
  std::string content = ContentOf(command);
  absl::StatusOr<PreparedCommand> prepared = Prepare(std::move(command), call, By::kBoth);
  if (!prepared.ok()) return done(prepared.status());
  *prepared->command.mutable_fact() = std::move(completed);
  NormalizeText(prepared->command);
  prepared->data_quality = std::move(data_quality);
  Append(*std::move(prepared), std::move(content), std::move(done));
}

void CommandHandler::SubmitFromServer(v1::Command command, Done done) {
  std::string content = ContentOf(command);
  absl::StatusOr<PreparedCommand> prepared = Prepare(std::move(command), ServerCall(), By::kServer);
  if (!prepared.ok()) return done(prepared.status());
  Append(*std::move(prepared), std::move(content), std::move(done));
}

absl::StatusOr<PreparedCommand> CommandHandler::Prepare(v1::Command command, access::Call call,
                                                        By by) {
  std::vector<Violation> violations = CheckCommand(command, clock_.Now());
  if (!violations.empty()) return InvalidRequest(violations);
  if (by == By::kCaller && IsServerFact(ContentFact(command))) {
    return Reject(Reason::kServerFactOnly);
  }
  NormalizeText(command);

  PreparedCommand prepared;
  prepared.kind = KindOfRecord(command);
  prepared.call = std::move(call);
  prepared.imported = command.header().has_import();
  prepared.by_right_to_import = IsCoveredByImport(command, prepared.kind);
  prepared.action = prepared.by_right_to_import ? access::kImportAction : MethodOf(command.fact());
  prepared.request_id = *Uuid::Parse(command.header().request_id());
  prepared.new_record_id = Uuid::Generate(clock_, random_);
  prepared.from_server = by == By::kServer;
  prepared.data_quality = UnknownCodes(MessageOf(command.fact()));
  // A replacement is completed as the fact itself would be.
  Fact& fact = command.fact().has_fact_corrected()
                   ? *command.mutable_fact()->mutable_fact_corrected()->mutable_replacement()
                   : *command.mutable_fact();
  RETURN_IF_ERROR(CompleteDefinition(fact, command.record_id()));
  if (fact.has_plan_drafted()) CompletePlan(*fact.mutable_plan_drafted(), random_);
  prepared.command = std::move(command);
  return prepared;
}

void CommandHandler::Append(PreparedCommand prepared, std::string content, Done done) {
  absl::StatusOr<Ledger*> ledger = ledgers_.Find(prepared.command.header().ledger());
  if (!ledger.ok()) return done(ledger.status());
  if (access::IsTrailLedger((*ledger)->parts.name)) return done(Reject(Reason::kTrailLedger));
  eventstore::AppendRequest request;
  request.key = {prepared.call.agency, prepared.request_id};
  request.content = std::move(content);
  request.origin = OriginOf(prepared);
  Aggregates& aggregates = (*ledger)->aggregates;
  Authority& authority = (*ledger)->authority;
  ErasureKeys* const keys = (*ledger)->parts.erasure_keys.get();
  const auto shared = std::make_shared<const PreparedCommand>(std::move(prepared));
  request.decide = [&aggregates, &authority, keys, shared](eventstore::LedgerView& view) {
    return Judge(view, aggregates, authority, *shared, keys).Decide();
  };
  request.foresee = [shared] { return ForesightOf(*shared); };
  request.may_hear_again = [&aggregates, &authority, shared](eventstore::LedgerView& view) {
    return Judge(view, aggregates, authority, *shared).Authorize();
  };
  access::Trail* trail = (*ledger)->parts.trail.get();
  (*ledger)->parts.log->Submit(
      std::move(request),
      [trail, shared, done = std::move(done)](absl::StatusOr<eventstore::AppendResult> appended) {
        if (appended.ok()) return done(ToResult(*appended));
        AnswerRefused(trail, shared->call, appended.status(), done);
      });
}

void AnswerRefused(access::Trail* trail, const access::Call& call, absl::Status status,
                   const std::function<void(absl::Status)>& answer) {
  const auto denial = status.GetPayload(kDenialUrl);
  if (!denial.has_value()) {
    if (trail == nullptr) return answer(std::move(status));
    return AnswerAtBeat(*trail->beat(), std::move(status), answer);
  }
  Fact fact;
  if (!fact.mutable_access_denied()->ParseFromString(std::string(*denial))) {
    return answer(absl::InternalError("a refusal does not say what was refused"));
  }
  status.ErasePayload(kDenialUrl);
  if (trail == nullptr) return answer(std::move(status));
  trail->Append(call, std::move(fact),
                [beat = trail->beat(), status = std::move(status),
                 answer](const absl::StatusOr<access::Trail::Place>& put) {
                  AnswerAtBeat(*beat, put.ok() ? status : put.status(), answer);
                });
}

v1::CommandResult ToResult(const eventstore::AppendResult& appended) {
  v1::CommandResult result;
  result.set_already_recorded(appended.already_appended);
  for (const eventstore::RecordedEvent& event : appended.events) {
    v1::EventReceipt& receipt = *result.add_events();
    receipt.set_event_id(event.event_id.ToString());
    receipt.set_record_kind(static_cast<RecordKind>(event.stream.kind));
    receipt.set_record_id(event.stream.id.ToString());
    receipt.set_revision(event.revision);
    receipt.set_position(event.position);
    *receipt.mutable_recorded_time() = ToTimestamp(event.recorded_at);
    receipt.set_fact_name(std::string(FactName(event.fact_type)));
    for (const std::string& item : event.data_quality) receipt.add_data_quality(item);
  }
  if (result.events_size() > 0) {
    result.set_record_id(result.events(0).record_id());
    result.set_revision(result.events(0).revision());
  }
  return result;
}

}  // namespace caseledger::commands
