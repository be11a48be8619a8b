#include "services/commands/case_query.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "eventstore/base/status_macros.h"
#include "services/commands/related_records.h"
#include "services/commands/times.h"
#include "services/domain/case_record/case_record.h"
#include "services/domain/rejection.h"

namespace caseledger::commands {
namespace {

using domain::Fact;

constexpr size_t kEventsPerPage = 512;

struct CaseFacts {
  domain::Timeline timeline;
  uint64_t revision = 0;
};

absl::StatusOr<CaseFacts> ReadCase(const eventstore::EventLog& log,
                                   const eventstore::StreamId& stream) {
  CaseFacts facts;
  while (true) {
    ASSIGN_OR_RETURN(const auto events, log.ReadStream(stream, facts.revision + 1, kEventsPerPage));
    if (events.empty()) break;
    for (const eventstore::RecordedEvent& event : events) {
      ASSIGN_OR_RETURN(domain::DomainEvent domain_event, ToDomainEvent(event));
      facts.timeline.Add(domain_event);
      facts.revision = event.revision;
    }
  }
  if (facts.revision == 0) return domain::Reject(domain::Reason::kRecordUnknown);
  return facts;
}

// `PREFIX_HIGH` -> `high`; "" for the unspecified value.
std::string CodeOf(const std::string& enum_name, size_t prefix) {
  const std::string code = absl::AsciiStrToLower(enum_name.substr(prefix));
  return code == "unspecified" ? "" : code;
}

std::string PhaseOf(domain::CasePhase phase) {
  switch (phase) {
    case domain::CasePhase::kOpen:
      return "open";
    case domain::CasePhase::kTransferred:
      return "transferred";
    case domain::CasePhase::kClosed:
      return "closed";
    case domain::CasePhase::kNotOpened:
      break;
  }
  return "";
}

std::string PhaseOf(const domain::Referral& referral, Micros now) {
  switch (referral.phase) {
    case domain::Referral::Phase::kPending:
      return referral.IsOver(now) ? "expired" : "pending";
    case domain::Referral::Phase::kActive:
      return "accepted";
    case domain::Referral::Phase::kDeclined:
      return "declined";
    case domain::Referral::Phase::kRevoked:
      return "revoked";
    case domain::Referral::Phase::kExpired:
      return "expired";
    case domain::Referral::Phase::kCompleted:
      return "completed";
    case domain::Referral::Phase::kReturned:
      return "returned";
    case domain::Referral::Phase::kConsentLost:
      return "consent_lost";
    case domain::Referral::Phase::kForwarded:
      break;
  }
  return "forwarded";
}

// What the state does not keep because no rule needs it: taken from the facts themselves.
void FillFromFacts(const std::vector<domain::DomainEvent>& in_order, v1::GetCaseResponse& out) {
  for (const domain::DomainEvent& event : in_order) {
    const Fact& fact = *event.fact;
    if (fact.has_case_opened()) {
      const event::v1::CaseOpened& opened = fact.case_opened();
      out.set_case_type(opened.case_type());
      *out.mutable_concerns() = opened.concerns();
      if (opened.has_external_ref()) {
        out.set_external_ref(opened.external_ref().source() + "/" + opened.external_ref().value());
      }
      out.set_risk(CodeOf(event::v1::Risk_Name(opened.risk()), sizeof("RISK_") - 1));
      *out.mutable_opened_time() = ToTimestamp(event.occurred_at);
    } else if (fact.has_risk_assessed()) {
      out.set_risk(CodeOf(event::v1::Risk_Name(fact.risk_assessed().risk()), sizeof("RISK_") - 1));
    } else if (fact.has_case_closed()) {
      *out.mutable_closed_time() = ToTimestamp(event.occurred_at);
    } else if (fact.has_case_reopened()) {
      out.clear_closed_time();
    } else if (fact.has_referral_sent()) {
      v1::CaseReferral& referral = *out.add_referrals();
      referral.set_referral_id(fact.referral_sent().referral_id());
      referral.set_service(fact.referral_sent().service());
    } else if (fact.has_legal_hold_placed()) {
      const event::v1::LegalHoldPlaced& placed = fact.legal_hold_placed();
      v1::CaseLegalHold& hold = *out.add_legal_holds();
      hold.set_hold_id(placed.hold_id());
      hold.set_basis(placed.basis());
      hold.set_document_number(placed.document_number());
      *hold.mutable_placed_time() = ToTimestamp(event.occurred_at);
      const domain::ReasonText& effect = domain::TextOf(domain::Reason::kErasureLegalHold);
      hold.set_reason(std::string(effect.id));
      hold.set_effect_vi(std::string(effect.vi));
      hold.set_effect_en(std::string(effect.en));
    } else if (fact.has_referral_forwarded()) {
      v1::CaseReferral& referral = *out.add_referrals();
      referral.set_referral_id(fact.referral_forwarded().new_referral_id());
      for (const v1::CaseReferral& other : out.referrals()) {
        if (other.referral_id() == fact.referral_forwarded().referral_id()) {
          referral.set_service(other.service());
        }
      }
    }
  }
}

}  // namespace

absl::StatusOr<v1::GetCaseResponse> GetCase(const eventstore::EventLog& log,
                                            const eventstore::StreamId& stream, Micros now) {
  ASSIGN_OR_RETURN(const CaseFacts facts, ReadCase(log, stream));
  const auto state = domain::FoldAll<domain::CaseState>(facts.timeline.in_order());
  v1::GetCaseResponse out;
  out.set_case_id(stream.id.ToString());
  out.set_revision(facts.revision);
  FillFromFacts(facts.timeline.in_order(), out);
  out.set_phase(PhaseOf(state.lifecycle.phase()));
  out.set_owner_agency_id(state.lifecycle.owner_agency);
  out.set_owner_worker_id(state.lifecycle.owner_worker);
  out.set_cycles(state.lifecycle.cycles);
  for (const auto& [person, role] : state.participants.roles) {
    v1::CaseParticipant& participant = *out.add_participants();
    participant.set_person_id(person);
    participant.set_role(
        CodeOf(event::v1::ParticipantRole_Name(role), sizeof("PARTICIPANT_ROLE_") - 1));
  }
  for (v1::CaseReferral& shown : *out.mutable_referrals()) {
    const auto it = state.referrals.referrals.find(shown.referral_id());
    if (it == state.referrals.referrals.end()) continue;
    shown.set_person_id(it->second.person);
    shown.set_to_agency_id(it->second.to_agency);
    shown.set_state(PhaseOf(it->second, now));
  }
  auto& holds = *out.mutable_legal_holds();
  for (int i = holds.size() - 1; i >= 0; --i) {
    if (!state.holds.IsInForce(holds.Get(i).hold_id())) holds.DeleteSubrange(i, 1);
  }
  for (const auto& [key, stay] : state.stays.stays) {
    out.set_open_stays(out.open_stays() + (stay.open ? 1 : 0));
  }
  for (const auto& [key, emergency] : state.emergencies.emergencies) {
    out.set_running_emergencies(out.running_emergencies() + (emergency.running ? 1 : 0));
  }
  return out;
}

absl::StatusOr<OfferInGeneral> ReadInGeneral(eventstore::LedgerView& view, Aggregates& aggregates,
                                             const eventstore::StreamId& stream,
                                             const std::string& referral_id, Micros sent_at) {
  ASSIGN_OR_RETURN(const auto loaded, aggregates.Load<domain::CaseState>(view, stream));
  OfferInGeneral general;
  general.unit_code = loaded->state.lifecycle.unit_code;
  const auto referral = loaded->state.referrals.referrals.find(referral_id);
  if (referral == loaded->state.referrals.referrals.end()) return general;
  const RelatedRecords related(view, aggregates);
  general.birth_year = related.BirthYear(referral->second.person, sent_at);
  RETURN_IF_ERROR(related.status());
  return general;
}

absl::StatusOr<v1::CheckClosureResponse> CheckClosure(const eventstore::EventLog& log,
                                                      const eventstore::StreamId& stream,
                                                      Micros now) {
  ASSIGN_OR_RETURN(const CaseFacts facts, ReadCase(log, stream));
  const auto state = domain::FoldAll<domain::CaseState>(facts.timeline.in_order());
  v1::CheckClosureResponse out;
  out.set_revision(facts.revision);
  for (const domain::ClosureBlocker& blocker : domain::ClosureBlockers(state, now)) {
    const domain::ReasonText& text = domain::TextOf(blocker.reason);
    v1::ClosureBlocker& shown = *out.add_blockers();
    shown.set_reason(std::string(text.id));
    shown.set_text_vi(std::string(text.vi));
    shown.set_text_en(std::string(text.en));
    shown.set_item(blocker.item);
  }
  return out;
}

}  // namespace caseledger::commands
