// What a shelter's commands need of others, and what follows from them in other streams.
#include <utility>

#include "services/domain/rejection.h"
#include "services/domain/shelter/shelter.h"

namespace caseledger::domain {
namespace {

// Whether only the agency that runs the shelter may record the fact.
bool IsOwnAgencyOnly(const Fact& fact) {
  switch (KindOf(fact)) {
    case Fact::kBedsChanged:
    case Fact::kPlacementHeld:
    case Fact::kResidentAdmitted:
    case Fact::kPlacementDeclined:
    case Fact::kStayExtended:
    case Fact::kResidentDischarged:
      return true;
    default:
      return false;
  }
}

std::vector<std::string> PersonsOf(const event::v1::PlacementRequested& requested) {
  std::vector<std::string> persons{requested.person_id()};
  persons.insert(persons.end(), requested.companion_person_ids().begin(),
                 requested.companion_person_ids().end());
  return persons;
}

absl::Status CheckPersons(const event::v1::PlacementRequested& requested, const Context& context) {
  const Micros at = context.occurred_at;
  if (!context.related->IsCaseOpen(requested.case_id(), at)) {
    return Reject(Reason::kPlacementNeedsOpenCase, requested.case_id());
  }
  for (const std::string& person : PersonsOf(requested)) {
    if (context.related->IsMergedAway(person, at)) return Reject(Reason::kMergedAway, person);
    if (!context.related->IsParticipant(requested.case_id(), person, at)) {
      return Reject(Reason::kPlacementNeedsParticipant, person);
    }
  }
  return absl::OkStatus();
}

absl::Status DecideRequest(const ShelterState& state, const Context& context, Decided& decided) {
  if (!context.related->IsAgencyActive(state.agency_id, context.occurred_at)) {
    if (!context.imported) return Reject(Reason::kAgencyRetired, state.agency_id);
    decided.data_quality.emplace_back(TextOf(Reason::kAgencyRetired).id);
  }
  return CheckPersons(decided.fact.placement_requested(), context);
}

ProposedFact OpenStayOnCase(const std::string& key, const Placement& placement,
                            const Context& context) {
  Fact fact;
  event::v1::ShelterStayOpened& opened = *fact.mutable_shelter_stay_opened();
  opened.set_shelter_id(context.record_id);
  opened.set_placement_id(key);
  opened.set_person_id(placement.person_id);
  for (const std::string& companion : placement.companion_person_ids) {
    opened.add_companion_person_ids(companion);
  }
  return {RecordKind::RECORD_KIND_CASE_RECORD, placement.case_id, std::move(fact)};
}

ProposedFact BeginStay(const std::string& key, const Placement& placement,
                       const std::string& person_id, const Context& context) {
  Fact fact;
  event::v1::StayBegan& began = *fact.mutable_stay_began();
  began.set_shelter_id(context.record_id);
  began.set_placement_id(key);
  began.set_case_id(placement.case_id);
  began.set_companion(person_id != placement.person_id);
  return {RecordKind::RECORD_KIND_PERSON, person_id, std::move(fact)};
}

ProposedFact CloseStayOnCase(const std::string& key, const Placement& placement,
                             const Context& context) {
  Fact fact;
  event::v1::ShelterStayClosed& closed = *fact.mutable_shelter_stay_closed();
  closed.set_shelter_id(context.record_id);
  closed.set_placement_id(key);
  return {RecordKind::RECORD_KIND_CASE_RECORD, placement.case_id, std::move(fact)};
}

ProposedFact FinishStay(const std::string& key, const std::string& person_id,
                        const Context& context) {
  Fact fact;
  event::v1::StayFinished& finished = *fact.mutable_stay_finished();
  finished.set_shelter_id(context.record_id);
  finished.set_placement_id(key);
  return {RecordKind::RECORD_KIND_PERSON, person_id, std::move(fact)};
}

absl::Status DecideAdmission(const ShelterState& state, const Context& context, Decided& decided) {
  event::v1::ResidentAdmitted& admitted = *decided.fact.mutable_resident_admitted();
  const std::string& key = admitted.placement_id();
  const Placement* placement = state.Find(key);
  if (placement == nullptr) return state.RejectMissing(key);
  admitted.set_case_id(placement->case_id);
  admitted.set_person_id(placement->person_id);
  admitted.clear_companion_person_ids();
  decided.consequences.push_back(OpenStayOnCase(key, *placement, context));
  decided.consequences.push_back(BeginStay(key, *placement, placement->person_id, context));
  for (const std::string& companion : placement->companion_person_ids) {
    admitted.add_companion_person_ids(companion);
    decided.consequences.push_back(BeginStay(key, *placement, companion, context));
  }
  return absl::OkStatus();
}

absl::Status DecideDischarge(const ShelterState& state, const Context& context, Decided& decided) {
  const std::string& key = decided.fact.resident_discharged().placement_id();
  const Placement* placement = state.Find(key);
  if (placement == nullptr) return state.RejectMissing(key);
  decided.consequences.push_back(CloseStayOnCase(key, *placement, context));
  decided.consequences.push_back(FinishStay(key, placement->person_id, context));
  for (const std::string& companion : placement->companion_person_ids) {
    decided.consequences.push_back(FinishStay(key, companion, context));
  }
  return absl::OkStatus();
}

absl::Status DecideHoldExpired(const ShelterState& state, const Decided& decided) {
  const std::string& key = decided.fact.hold_expired().placement_id();
  const Placement* placement = state.Find(key);
  if (placement == nullptr) return state.RejectMissing(key);
  if (placement->phase != PlacementPhase::kHeld) return Reject(Reason::kPlacementNotHeld, key);
  return absl::OkStatus();
}

absl::Status Complete(const ShelterState& state, const Context& context, Decided& decided) {
  switch (KindOf(decided.fact)) {
    case Fact::kPlacementRequested:
      return DecideRequest(state, context, decided);
    case Fact::kResidentAdmitted:
      return DecideAdmission(state, context, decided);
    case Fact::kResidentDischarged:
      return DecideDischarge(state, context, decided);
    case Fact::kHoldExpired:
      return DecideHoldExpired(state, decided);
    default:
      return absl::OkStatus();
  }
}

}  // namespace

absl::StatusOr<Decided> DecideShelter(const ShelterState& state, const Fact& fact,
                                      const Context& context) {
  Decided decided{fact, {}, {}};
  if (fact.has_shelter_registered()) return decided;
  if (!state.registered) return Reject(Reason::kBeforeRecordBegan);
  if (IsOwnAgencyOnly(fact) && context.caller.agency != state.agency_id) {
    if (!context.imported) return Reject(Reason::kShelterNotYours);
    decided.data_quality.emplace_back(TextOf(Reason::kShelterNotYours).id);
  }
  if (absl::Status status = Complete(state, context, decided); !status.ok()) return status;
  return decided;
}

}  // namespace caseledger::domain
