#include "services/commands/judge.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "eventstore/base/strings.h"
#include "eventstore/event_id.h"
#include "eventstore/sequencer/checks.h"
#include "services/access/call.h"
#include "services/commands/dependants.h"
#include "services/commands/field_paths.h"
#include "services/commands/referrers.h"
#include "services/commands/times.h"
#include "services/domain/case_record/case_record.h"
#include "services/domain/contact/contact.h"
#include "services/domain/directory/admin_units.h"
#include "services/domain/directory/agency.h"
#include "services/domain/directory/definition.h"
#include "services/domain/directory/programme.h"
#include "services/domain/person/person.h"
#include "services/domain/publication/publications.h"
#include "services/domain/rejection.h"
#include "services/domain/shelter/shelter.h"

namespace caseledger::commands {
namespace {

using domain::Reason;
using domain::Reject;
using eventstore::StreamId;
using google::protobuf::FieldDescriptor;

// Data quality: the code of a unit is not registered in the version it names.
constexpr char kUnitUnknown[] = "UNIT_UNKNOWN";

constexpr char kLegalOfficer[] = "legal_officer";

// Records by id and name, whatever became of them.
RecordIndex IndexOf(eventstore::LedgerView& view) {
  return {[&view](uint32_t kind, std::string_view source, std::string_view value) {
            return view.FindName(kind, source, value);
          },
          [&view](const StreamId& stream) -> absl::StatusOr<bool> {
            ASSIGN_OR_RETURN(const eventstore::StreamHead head, view.Head(stream));
            return head.revision > 0;
          }};
}

const FieldPaths& PathsToUnits() {
  static const auto& paths =
      *new FieldPaths(domain::Fact::descriptor(), [](const FieldDescriptor* field) {
        return field->message_type() == event::v1::UnitRef::descriptor();
      });
  return paths;
}

bool IsCorrection(const domain::Fact& fact) {
  return fact.has_fact_corrected() || fact.has_event_voided();
}

// Facts about facts whose target holds the fact to be replaced.
const std::string& TargetOf(const domain::Fact& fact) {
  return fact.has_fact_corrected() ? fact.fact_corrected().target_event_id()
                                   : fact.event_voided().target_event_id();
}

// Facts that may name somebody who was erased: they add nothing to what is known of them.
bool EndsWhatWas(const domain::Fact& fact) {
  const domain::Fact& content =
      fact.has_fact_corrected() ? fact.fact_corrected().replacement() : fact;
  return content.has_participant_removed() || content.has_representative_excluded() ||
         content.has_merge_reversed();
}

// Facts that only a legal officer may put right: else a supervisor could lift a hold by voiding it.
bool IsOfLegalOfficer(const domain::Fact& fact) {
  return fact.has_legal_hold_placed() || fact.has_legal_hold_lifted();
}

// Facts that bring facts into other streams.
bool HasConsequences(const domain::Fact& fact) {
  return fact.has_resident_admitted() || fact.has_resident_discharged() ||
         fact.has_persons_merged() || fact.has_merge_reversed() || fact.has_consent_withdrawn();
}

// Of facts of one kind a record gets one from each decision, but a case may lose several referrals.
bool IsAboutTheSame(const domain::Fact& a, const domain::Fact& b) {
  return !a.has_referral_consent_lost() || a.SerializeAsString() == b.SerializeAsString();
}

const domain::ProposedFact* FindSame(const std::vector<domain::ProposedFact>& facts,
                                     const domain::ProposedFact& wanted) {
  const auto it = std::find_if(facts.begin(), facts.end(), [&](const domain::ProposedFact& fact) {
    return fact.kind == wanted.kind && fact.record_id == wanted.record_id &&
           fact.fact.kind_case() == wanted.fact.kind_case() &&
           IsAboutTheSame(fact.fact, wanted.fact);
  });
  return it == facts.end() ? nullptr : &*it;
}

// Those of `before` that are gone in `after`, with no time, or moved, with the time of the
// withdrawal that they follow from now.
std::vector<domain::ProposedFact> NotAsBefore(const std::vector<domain::ProposedFact>& before,
                                              const std::vector<domain::ProposedFact>& after,
                                              domain::Micros withdrawn_at) {
  std::vector<domain::ProposedFact> changed;
  for (const domain::ProposedFact& old : before) {
    const domain::ProposedFact* same = FindSame(after, old);
    if (same != nullptr && same->occurred_at == old.occurred_at) continue;
    changed.push_back(old);
    changed.back().occurred_at.reset();
    if (same != nullptr) changed.back().occurred_at = withdrawn_at;
  }
  return changed;
}

}  // namespace

Judge::Judge(eventstore::LedgerView& view, Aggregates& aggregates, Authority& authority,
             const PreparedCommand& prepared, ErasureKeys* keys)
    : view_(view),
      aggregates_(aggregates),
      prepared_(prepared),
      rights_(authority.For(view, aggregates, prepared.call)),
      caller_{prepared.call.actor, prepared.call.agency, {}},
      related_(view, aggregates, keys),
      index_(IndexOf(view)) {}

absl::StatusOr<eventstore::Decision> Judge::Decide() {
  ASSIGN_OR_RETURN(Proposal proposal, AuthorizedTarget());
  RETURN_IF_ERROR(ExpectRevision(proposal.stream));
  RETURN_IF_ERROR(ResolveReferences(ExistingRecords(), MutableMessageOf(proposal.fact)));
  RETURN_IF_ERROR(FlagUnknownUnits(MessageOf(proposal.fact)));
  ClaimName(proposal);
  RETURN_IF_ERROR(JudgeOne(proposal));
  RETURN_IF_ERROR(related_.status());
  return std::move(decision_);
}

absl::Status Judge::Authorize() { return AuthorizedTarget().status(); }

absl::StatusOr<Judge::Proposal> Judge::AuthorizedTarget() {
  if (prepared_.from_server) {
    caller_.roles = {access::kProgramRole};
    return ResolveTarget();
  }
  ASSIGN_OR_RETURN(caller_.roles, rights_->Roles());
  RETURN_IF_ERROR(rights_->MayAtAll(prepared_.action, prepared_.kind));
  absl::StatusOr<Proposal> proposal = ResolveTarget();
  // The rows of an import are of all agencies: the right to import is one for the whole ledger.
  if (prepared_.by_right_to_import) return proposal;
  // Also a name that several records bear: that they are there is not for everyone to know.
  if (absl::IsNotFound(proposal.status()) || absl::IsInvalidArgument(proposal.status())) {
    return rights_->Unknown(prepared_.action, prepared_.kind, prepared_.command.record_id());
  }
  RETURN_IF_ERROR(proposal.status());
  ASSIGN_OR_RETURN(const bool begins, Begins(*proposal));
  RETURN_IF_ERROR(begins ? rights_->MayBegin(prepared_.action, proposal->fact, prepared_.kind,
                                             proposal->record_name)
                         : rights_->MayDo(prepared_.action, proposal->stream));
  return proposal;
}

// A record that was begun already is somebody's, whatever is said of it now. Voided, it is still
// for the agency that had begun it to begin again: what it was is theirs to see.
absl::StatusOr<bool> Judge::Begins(const Proposal& proposal) {
  if (!SchemaOf(prepared_.command.fact())->creates) return false;
  ASSIGN_OR_RETURN(const eventstore::StreamHead head, view_.Head(proposal.stream));
  if (head.revision == 0) return true;
  if (IsNamedKind(proposal.kind)) return false;
  ASSIGN_OR_RETURN(const bool exists, Exists(view_, aggregates_, proposal.stream));
  std::string begun_by;
  RETURN_IF_ERROR(
      view_.ReadStream(proposal.stream, 1, [&begun_by](const eventstore::RecordedEvent& event) {
        const eventstore::EventOrigin& origin = event.origin;
        begun_by = origin.on_behalf_of.empty() ? origin.agency : origin.on_behalf_of;
        return false;
      }));
  return !exists && begun_by == caller_.agency;
}

absl::StatusOr<Judge::Proposal> Judge::ResolveTarget() {
  const v1::Command& command = prepared_.command;
  const v1::CommandHeader& header = command.header();
  const FactSchema& schema = *SchemaOf(command.fact());
  Proposal proposal{prepared_.kind, {}, "", command.fact(), view_.recorded_at()};
  if (header.has_occurred_time()) proposal.occurred_at = domain::ToMicros(header.occurred_time());
  if (IsNamedKind(prepared_.kind)) {
    proposal.record_name = command.record_id();
    proposal.stream = NamedStream(prepared_.kind, command.record_id());
  } else if (schema.creates) {
    const std::optional<Uuid> chosen = Uuid::Parse(command.record_id());
    proposal.stream = {static_cast<uint32_t>(prepared_.kind),
                       chosen.value_or(prepared_.new_record_id)};
  } else {
    ASSIGN_OR_RETURN(proposal.stream, FindRecord(index_, prepared_.kind, command.record_id()));
  }
  return proposal;
}

// What a fact may name: records whose beginning was not voided.
RecordIndex Judge::ExistingRecords() {
  return {index_.find_name, [this](const StreamId& stream) -> absl::StatusOr<bool> {
            ASSIGN_OR_RETURN(const bool exists, Exists(view_, aggregates_, stream));
            return exists ? MayName(stream) : exists;
          }};
}

absl::StatusOr<bool> Judge::MayName(const StreamId& record) {
  if (!prepared_.from_server && !prepared_.by_right_to_import) {
    ASSIGN_OR_RETURN(const bool may_refer, rights_->MayRefer(record));
    if (!may_refer) return false;
  }
  if (record.kind != RecordKind::RECORD_KIND_PERSON || EndsWhatWas(prepared_.command.fact())) {
    return true;
  }
  const std::string id = record.id.ToString();
  if (related_.IsErased(id)) return Reject(Reason::kPersonErased, id);
  RETURN_IF_ERROR(related_.status());
  return true;
}

// Looked at before any rule: who decided on an old state should hear that first.
absl::Status Judge::ExpectRevision(const StreamId& stream) {
  const v1::CommandHeader& header = prepared_.command.header();
  if (!header.has_expected_revision()) return absl::OkStatus();
  const auto revision = static_cast<uint64_t>(header.expected_revision());
  decision_.checks.push_back(
      {stream, revision == 0 ? eventstore::Expected::None() : eventstore::Expected::At(revision)});
  return eventstore::CheckExpected(decision_.checks, view_);
}

void Judge::ClaimName(const Proposal& proposal) {
  const domain::Fact& fact = proposal.fact.has_fact_corrected()
                                 ? proposal.fact.fact_corrected().replacement()
                                 : proposal.fact;
  const event::v1::ExternalRef* name = NameGivenBy(fact);
  if (name != nullptr) decision_.names.push_back({proposal.stream, name->source(), name->value()});
}

// A fact names few units (lists are bounded), and a version's state is in the cache after the
// first.
absl::Status Judge::FlagUnknownUnits(const google::protobuf::Message& message) {
  for (const FieldDescriptor* field : PathsToUnits().Of(message.GetDescriptor())) {
    const int count = CountOf(message, field);
    for (int i = 0; i < count; ++i) {
      const google::protobuf::Message& inner = MessageAt(message, field, i);
      const auto* unit = dynamic_cast<const event::v1::UnitRef*>(&inner);
      if (unit == nullptr) {
        RETURN_IF_ERROR(FlagUnknownUnits(inner));
        continue;
      }
      const StreamId version = NamedStream(RecordKind::RECORD_KIND_ADMIN_UNITS, unit->version());
      ASSIGN_OR_RETURN(const auto units, aggregates_.Load<domain::AdminUnitsState>(view_, version));
      unit_unknown_ = unit_unknown_ || !units->state.kinds.contains(unit->code());
    }
  }
  return absl::OkStatus();
}

absl::Status Judge::JudgeOne(const Proposal& proposal) {
  switch (static_cast<int>(proposal.kind)) {
    case RecordKind::RECORD_KIND_CONTACT:
      return JudgeWith<domain::ContactState>(proposal, domain::DecideContact);
    case RecordKind::RECORD_KIND_PERSON:
      return JudgeWith<domain::PersonState>(proposal, domain::DecidePerson);
    case RecordKind::RECORD_KIND_CASE_RECORD:
      return JudgeWith<domain::CaseState>(proposal, domain::DecideCase);
    case RecordKind::RECORD_KIND_SHELTER:
      return JudgeWith<domain::ShelterState>(proposal, domain::DecideShelter);
    case RecordKind::RECORD_KIND_PROGRAMME:
      return JudgeWith<domain::ProgrammeState>(proposal, domain::DecideProgramme);
    case RecordKind::RECORD_KIND_AGENCY:
      return JudgeWith<domain::AgencyState>(proposal, domain::DecideAgency);
    case RecordKind::RECORD_KIND_ADMIN_UNITS:
      return JudgeWith<domain::AdminUnitsState>(proposal, domain::DecideAdminUnits);
    case RecordKind::RECORD_KIND_DEFINITION:
      return JudgeWith<domain::DefinitionState>(proposal, domain::DecideDefinition);
    case RecordKind::RECORD_KIND_PUBLICATION:
      return JudgeWith<domain::PublicationsState>(proposal, domain::DecidePublication);
    default:
      return Reject(Reason::kRecordUnknown);
  }
}

template <typename State, typename DecideFunction>
absl::Status Judge::JudgeWith(const Proposal& proposal, DecideFunction decide) {
  if (IsCorrection(proposal.fact)) return JudgeCorrection<State>(proposal, decide);
  ASSIGN_OR_RETURN(const auto current, aggregates_.Load<State>(view_, proposal.stream));
  // What follows from another record's fact was decided there, and comes complete.
  const auto decide_on = [&](const State& state) -> absl::StatusOr<domain::Decided> {
    if (proposal.is_consequence) return domain::Decided{proposal.fact, {}, {}};
    return decide(state, proposal.fact, ContextFor(proposal));
  };
  const uint64_t written = CountWritten(proposal.stream);
  const bool in_order = written == 0 && proposal.occurred_at >= current->latest_occurred_at;
  const uint64_t revision = current->revision + written + 1;
  domain::Decided decided;
  domain::DomainEvent event;
  if (in_order) {
    ASSIGN_OR_RETURN(decided, decide_on(current->state));
    event =
        EventFor(proposal, revision, std::make_shared<const domain::Fact>(std::move(decided.fact)));
    RETURN_IF_ERROR(current->state.Check(event));
  } else {
    ASSIGN_OR_RETURN(const StreamHistory history, HistoryOf(proposal.stream));
    const auto& before = history.timeline.in_order();
    ASSIGN_OR_RETURN(decided, decide_on(domain::FoldUntil<State>(before, proposal.occurred_at)));
    event =
        EventFor(proposal, revision, std::make_shared<const domain::Fact>(std::move(decided.fact)));
    domain::Timeline after = history.timeline;
    after.Add(event);
    RETURN_IF_ERROR(domain::CheckChange<State>(before, after.in_order(), {event.event_id}));
  }
  RETURN_IF_ERROR(related_.status());
  RETURN_IF_ERROR(Emit(proposal, std::move(event), std::move(decided.data_quality)));
  return JudgeConsequences(std::move(decided.consequences), proposal.occurred_at);
}

absl::StatusOr<StreamHistory> Judge::HistoryOf(const StreamId& stream) {
  ASSIGN_OR_RETURN(StreamHistory history, ReadHistory(view_, stream));
  if (const auto it = written_.find(stream); it != written_.end()) {
    for (const domain::DomainEvent& event : it->second) history.timeline.Add(event);
  }
  return history;
}

uint64_t Judge::CountWritten(const StreamId& stream) const {
  const auto it = written_.find(stream);
  return it == written_.end() ? 0 : it->second.size();
}

absl::Status Judge::JudgeConsequences(std::vector<domain::ProposedFact> consequences,
                                      domain::Micros occurred_at) {
  for (domain::ProposedFact& consequence : consequences) {
    const std::optional<Uuid> id = Uuid::Parse(consequence.record_id);
    if (!id.has_value()) return absl::InternalError("a consequence names no record");
    RETURN_IF_ERROR(JudgeOne({consequence.kind,
                              {static_cast<uint32_t>(consequence.kind), *id},
                              "",
                              std::move(consequence.fact),
                              consequence.occurred_at.value_or(occurred_at),
                              /*is_consequence=*/true}));
  }
  return absl::OkStatus();
}

template <typename State, typename DecideFunction>
absl::Status Judge::JudgeCorrection(const Proposal& proposal, DecideFunction decide) {
  ASSIGN_OR_RETURN(const StreamHistory history, HistoryOf(proposal.stream));
  ASSIGN_OR_RETURN(const eventstore::StreamHead head, view_.Head(proposal.stream));
  const uint64_t revision = head.revision + CountWritten(proposal.stream) + 1;
  const std::string& target_id = TargetOf(proposal.fact);
  const domain::DomainEvent* target = history.timeline.Find(target_id);
  if (target == nullptr) {
    return Reject(history.timeline.IsVoided(target_id) ? Reason::kTargetVoided
                                                       : Reason::kTargetUnknown);
  }
  if (target->fact->has_person_erased()) return Reject(Reason::kErasureIsFinal);
  if (target->fact->has_report_published()) return Reject(Reason::kPublicationIsFinal);
  const Uuid target_request = history.request_ids.at(target_id);
  const domain::Micros target_at = target->occurred_at;
  if (!proposal.is_consequence) RETURN_IF_ERROR(MayCorrect(*target, history));

  // What the target had decided, and what its replacement decides, each without the target in the
  // way.
  domain::Timeline without = history.timeline;
  auto voiding = std::make_shared<domain::Fact>();
  voiding->mutable_event_voided()->set_target_event_id(target_id);
  without.Add(EventFor(proposal, revision, std::move(voiding)));
  related_.LeaveOut(target_request);
  if (target->fact->has_consent_withdrawn()) {
    related_.LeaveOutEndsBy(target->fact->consent_withdrawn().consent_id());
  }
  const auto decide_at = [&](const domain::Fact& fact,
                             domain::Micros at) -> absl::StatusOr<domain::Decided> {
    if (proposal.is_consequence) return domain::Decided{fact, {}, {}};
    Proposal replaced = proposal;
    replaced.occurred_at = at;
    domain::Context context = ContextFor(replaced);
    context.imported = context.imported || target->imported;
    if (context.legal_basis.empty()) context.legal_basis = target->legal_basis;
    return decide(domain::FoldUntil<State>(without.in_order(), at), fact, context);
  };
  absl::StatusOr<domain::Decided> old = decide_at(*target->fact, target->occurred_at);
  std::vector<domain::ProposedFact> old_consequences;
  if (old.ok()) {
    ASSIGN_OR_RETURN(old_consequences, BroughtBy(proposal, *target, *std::move(old)));
  } else if (HasConsequences(*target->fact)) {
    return old.status();  // or what it brought elsewhere would stay behind
  }

  domain::Fact fact = proposal.fact;
  std::vector<domain::ProposedFact> new_consequences;
  std::vector<std::string> data_quality;
  domain::Micros new_at = target_at;
  if (fact.has_fact_corrected()) {
    event::v1::FactCorrected& correction = *fact.mutable_fact_corrected();
    if (correction.replacement().kind_case() != target->fact->kind_case()) {
      return Reject(Reason::kCorrectionOfOtherType);
    }
    if (correction.has_replacement_occurred_time()) {
      new_at = domain::ToMicros(correction.replacement_occurred_time());
    }
    ASSIGN_OR_RETURN(domain::Decided decided, decide_at(correction.replacement(), new_at));
    *correction.mutable_replacement() = std::move(decided.fact);
    new_consequences = std::move(decided.consequences);
    data_quality = std::move(decided.data_quality);
  }
  domain::DomainEvent event =
      EventFor(proposal, revision, std::make_shared<const domain::Fact>(std::move(fact)));
  domain::Timeline after = history.timeline;
  after.Add(event);
  RETURN_IF_ERROR(
      domain::CheckChange<State>(history.timeline.in_order(), after.in_order(), {target_id}));
  if (domain::FoldAll<State>(history.timeline.in_order()).Exists() &&
      !domain::FoldAll<State>(after.in_order()).Exists()) {
    RETURN_IF_ERROR(CheckNobodyNames(view_, proposal.stream));
  }
  if (OthersMayRestOn(*target->fact)) {
    RETURN_IF_ERROR(CheckOthersStand(view_, aggregates_, proposal.stream,
                                     history.timeline.in_order(), after.in_order()));
  }
  if (target->fact->has_consent_withdrawn()) {
    RETURN_IF_ERROR(CheckConsentsCarry(view_, aggregates_, proposal.stream, after.in_order(),
                                       NotAsBefore(old_consequences, new_consequences, new_at)));
  }
  RETURN_IF_ERROR(related_.status());
  RETURN_IF_ERROR(Emit(proposal, std::move(event), std::move(data_quality)));
  return CorrectConsequences(proposal, target_at, old_consequences, new_at, new_consequences);
}

// Referrals may have been recorded or settled since, and an earlier correction may have ended
// others: the cases tell which ended with a consent.
absl::StatusOr<std::vector<domain::ProposedFact>> Judge::BroughtBy(
    const Proposal& proposal, const domain::DomainEvent& target, domain::Decided decided) {
  if (!target.fact->has_consent_withdrawn()) return std::move(decided.consequences);
  return related_.ReferralsLost(proposal.stream.id.ToString(),
                                target.fact->consent_withdrawn().consent_id());
}

absl::Status Judge::CorrectConsequences(const Proposal& proposal, domain::Micros occurred_at,
                                        const std::vector<domain::ProposedFact>& before,
                                        domain::Micros new_occurred_at,
                                        const std::vector<domain::ProposedFact>& after) {
  const bool voiding = proposal.fact.has_event_voided();
  for (const domain::ProposedFact& old : before) {
    const std::optional<Uuid> id = Uuid::Parse(old.record_id);
    if (!id.has_value()) return absl::InternalError("a consequence names no record");
    const StreamId stream{static_cast<uint32_t>(old.kind), *id};
    ASSIGN_OR_RETURN(const StreamHistory history, HistoryOf(stream));
    const auto& events = history.timeline.in_order();
    const domain::Micros old_at = old.occurred_at.value_or(occurred_at);
    // By what it says and when, not by its request: an earlier correction may have brought it.
    const std::string wanted = old.fact.SerializeAsString();
    const auto event = std::find_if(events.begin(), events.end(), [&](const auto& candidate) {
      return candidate.occurred_at == old_at && candidate.fact->SerializeAsString() == wanted;
    });
    if (event == events.end()) {
      return absl::InternalError("what follows from the fact is missing in another record");
    }
    domain::Fact fact;
    const domain::ProposedFact* replacement = voiding ? nullptr : FindSame(after, old);
    if (replacement == nullptr) {
      fact.mutable_event_voided()->set_target_event_id(event->event_id);
      fact.mutable_event_voided()->set_reason(voiding ? proposal.fact.event_voided().reason()
                                                      : proposal.fact.fact_corrected().reason());
    } else {
      fact = proposal.fact;
      fact.mutable_fact_corrected()->set_target_event_id(event->event_id);
      *fact.mutable_fact_corrected()->mutable_replacement() = replacement->fact;
      if (replacement->occurred_at.has_value()) {
        if (*replacement->occurred_at == old_at) continue;  // it stands as it is
        *fact.mutable_fact_corrected()->mutable_replacement_occurred_time() =
            ToTimestamp(*replacement->occurred_at);
      }
    }
    RETURN_IF_ERROR(JudgeOne({old.kind, stream, "", std::move(fact), proposal.occurred_at,
                              /*is_consequence=*/true}));
  }
  std::vector<domain::ProposedFact> added;
  for (const domain::ProposedFact& fact : after) {
    if (FindSame(before, fact) == nullptr) added.push_back(fact);
  }
  return JudgeConsequences(std::move(added), new_occurred_at);
}

absl::Status Judge::MayCorrect(const domain::DomainEvent& target,
                               const StreamHistory& history) const {
  // The first event of a request is the fact asked for, the others follow from it.
  const Uuid& target_request = history.request_ids.at(target.event_id);
  if (target.event_id != eventstore::EventId(target_request, target.agency, 0).ToString()) {
    return Reject(Reason::kFollowsFromOtherRecord);
  }
  // What the server noted had run out by a date that somebody set: they answer for the note too.
  const domain::DomainEvent* said = &target;
  if (target.agency == access::kServerAgency) {
    said = history.timeline.Find(history.causation_ids.at(target.event_id).ToString());
    if (said == nullptr) return Reject(Reason::kCorrectionNotAllowed);
  }
  const domain::Caller& caller = caller_;
  if (IsOfLegalOfficer(*target.fact) && !caller.HasRole(kLegalOfficer)) {
    return Reject(Reason::kCorrectionNotAllowed);
  }
  const bool author = caller.actor == said->actor && caller.agency == said->agency;
  const bool supervisor = caller.HasRole("supervisor") && caller.agency == said->agency;
  if (author || supervisor || prepared_.imported) return absl::OkStatus();
  return Reject(Reason::kCorrectionNotAllowed);
}

domain::Context Judge::ContextFor(const Proposal& proposal) const {
  domain::Context context;
  context.caller = caller_;
  // An imported fact was recorded by someone of the agency whose record it is.
  const std::string& on_behalf_of = prepared_.command.header().import().on_behalf_of();
  if (prepared_.imported && !on_behalf_of.empty()) context.caller.agency = on_behalf_of;
  context.record_id = proposal.stream.id.ToString();
  context.record_name = proposal.record_name;
  context.now = view_.recorded_at();
  context.occurred_at = proposal.occurred_at;
  context.legal_basis = prepared_.command.header().legal_basis();
  context.imported = prepared_.imported;
  context.related = &related_;
  return context;
}

domain::DomainEvent Judge::EventFor(const Proposal& proposal, uint64_t revision,
                                    std::shared_ptr<const domain::Fact> fact) const {
  domain::DomainEvent event;
  event.event_id = NextEventId().ToString();
  event.record_id = proposal.stream.id.ToString();
  event.revision = revision;
  event.occurred_at = proposal.occurred_at;
  event.fact = std::move(fact);
  event.actor = prepared_.call.actor;
  event.agency = prepared_.call.agency;
  event.on_behalf_of = prepared_.command.header().import().on_behalf_of();
  event.legal_basis = prepared_.command.header().legal_basis();
  event.imported = prepared_.imported;
  return event;
}

Uuid Judge::NextEventId() const {
  return eventstore::EventId(prepared_.request_id, prepared_.call.agency, decision_.events.size());
}

absl::Status Judge::Emit(const Proposal& proposal, domain::DomainEvent event,
                         std::vector<std::string> data_quality) {
  const domain::Fact& fact = *event.fact;
  eventstore::NewEvent added;
  added.event_id = NextEventId();
  added.stream = proposal.stream;
  added.occurred_at = proposal.occurred_at;
  added.occurred_precision = static_cast<uint32_t>(prepared_.command.header().occurred_precision());
  added.fact_type = static_cast<uint32_t>(fact.kind_case());
  added.fact = fact.SerializeAsString();
  added.data_quality = std::move(data_quality);
  if (!proposal.is_consequence) {
    added.data_quality.insert(added.data_quality.end(), prepared_.data_quality.begin(),
                              prepared_.data_quality.end());
    if (unit_unknown_) added.data_quality.emplace_back(kUnitUnknown);
  }
  decision_.events.push_back(std::move(added));
  const std::vector<eventstore::NewReference> references = ReferencesOf(proposal.stream, fact);
  decision_.references.insert(decision_.references.end(), references.begin(), references.end());
  written_[proposal.stream].push_back(std::move(event));
  return absl::OkStatus();
}

}  // namespace caseledger::commands
