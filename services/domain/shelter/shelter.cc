#include "services/domain/shelter/shelter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

// `admitted` as the server completed it; not completed yet, it names nobody.
bool NamesSamePersons(const event::v1::ResidentAdmitted& admitted, const Placement& placement) {
  if (admitted.person_id().empty()) return true;
  const auto& companions = admitted.companion_person_ids();
  return admitted.case_id() == placement.case_id && admitted.person_id() == placement.person_id &&
         std::equal(companions.begin(), companions.end(), placement.companion_person_ids.begin(),
                    placement.companion_person_ids.end());
}

}  // namespace

void ShelterState::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kShelterRegistered:
      registered = true;
      agency_id = fact.shelter_registered().agency_id();
      beds = fact.shelter_registered().beds();
      break;
    case Fact::kBedsChanged:
      beds = fact.beds_changed().beds();
      break;
    case Fact::kPlacementRequested:
      ApplyRequest(fact.placement_requested());
      break;
    case Fact::kPlacementHeld: {
      const auto placement = placements.find(fact.placement_held().placement_id());
      if (placement == placements.end()) break;
      placement->second.phase = PlacementPhase::kHeld;
      placement->second.hold_expires_at = ToMicros(fact.placement_held().expire_time());
      break;
    }
    case Fact::kResidentAdmitted: {
      const auto placement = placements.find(fact.resident_admitted().placement_id());
      if (placement != placements.end()) placement->second.phase = PlacementPhase::kAdmitted;
      break;
    }
    case Fact::kHoldExpired:
      ApplyHoldExpired(event);
      break;
    case Fact::kResidentDischarged:
      End(fact.resident_discharged().placement_id());
      break;
    case Fact::kPlacementDeclined:
      End(fact.placement_declined().placement_id());
      break;
    case Fact::kPlacementCancelled:
      End(fact.placement_cancelled().placement_id());
      break;
    default:
      break;
  }
}

void ShelterState::ApplyRequest(const event::v1::PlacementRequested& requested) {
  Placement placement;
  placement.case_id = requested.case_id();
  placement.person_id = requested.person_id();
  placement.companion_person_ids.assign(requested.companion_person_ids().begin(),
                                        requested.companion_person_ids().end());
  placements[requested.placement_id()] = std::move(placement);
}

void ShelterState::ApplyHoldExpired(const DomainEvent& event) {
  const auto placement = placements.find(event.fact->hold_expired().placement_id());
  if (placement == placements.end() || placement->second.phase != PlacementPhase::kHeld) return;
  if (placement->second.IsHeldAt(event.occurred_at)) return;
  placement->second.phase = PlacementPhase::kRequested;
}

void ShelterState::End(const std::string& placement_id) {
  if (placements.erase(placement_id) > 0) past_placements.insert(placement_id);
}

uint32_t ShelterState::BedsTaken(Micros at) const {
  uint32_t taken = 0;
  for (const auto& [key, placement] : placements) {
    if (placement.TakesBedsAt(at)) taken += placement.BedsNeeded();
  }
  return taken;
}

const Placement* ShelterState::Find(const std::string& placement_id) const {
  const auto placement = placements.find(placement_id);
  return placement == placements.end() ? nullptr : &placement->second;
}

absl::Status ShelterState::RejectMissing(const std::string& placement_id) const {
  return Reject(
      past_placements.contains(placement_id) ? Reason::kPlacementEnded : Reason::kPlacementUnknown,
      placement_id);
}

bool ShelterState::HasBedsFor(const std::string& placement_id, const Placement& placement,
                              Micros at) const {
  uint32_t taken_by_others = BedsTaken(at);
  if (const Placement* own = Find(placement_id); own != nullptr && own->TakesBedsAt(at)) {
    taken_by_others -= own->BedsNeeded();
  }
  return taken_by_others + placement.BedsNeeded() <= beds;
}

absl::Status ShelterState::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (fact.has_shelter_registered()) {
    return registered ? Reject(Reason::kRecordExists) : absl::OkStatus();
  }
  if (!registered) return Reject(Reason::kBeforeRecordBegan);
  switch (KindOf(fact)) {
    case Fact::kBedsChanged: {
      const uint32_t taken = BedsTaken(event.occurred_at);
      if (fact.beds_changed().beds() >= taken) return absl::OkStatus();
      return Reject(Reason::kBedsBelowOccupancy, absl::StrCat(taken));
    }
    case Fact::kPlacementRequested:
      return CheckRequest(fact.placement_requested());
    case Fact::kPlacementHeld:
      return CheckHold(event);
    case Fact::kResidentAdmitted:
      return CheckAdmission(event);
    case Fact::kStayExtended:
      return CheckExtension(event);
    case Fact::kResidentDischarged:
      return CheckDischarge(fact.resident_discharged().placement_id());
    case Fact::kPlacementDeclined:
      return CheckEndBeforeAdmission(fact.placement_declined().placement_id());
    case Fact::kPlacementCancelled:
      return CheckEndBeforeAdmission(fact.placement_cancelled().placement_id());
    case Fact::kHoldExpired:
      return CheckHoldExpired(event);
    default:
      return absl::OkStatus();
  }
}

absl::Status ShelterState::CheckRequest(const event::v1::PlacementRequested& requested) const {
  const std::string& key = requested.placement_id();
  if (placements.contains(key) || past_placements.contains(key)) {
    return Reject(Reason::kPlacementKeyUsed, key);
  }
  std::set<std::string> named{requested.person_id()};
  for (const std::string& companion : requested.companion_person_ids()) {
    if (!named.insert(companion).second) {
      return Reject(Reason::kPlacementNamesPersonTwice, companion);
    }
  }
  return absl::OkStatus();
}

absl::Status ShelterState::CheckHold(const DomainEvent& event) const {
  const event::v1::PlacementHeld& held = event.fact->placement_held();
  const std::string& key = held.placement_id();
  const Placement* placement = Find(key);
  if (placement == nullptr) return RejectMissing(key);
  if (placement->phase == PlacementPhase::kAdmitted) {
    return Reject(Reason::kPlacementAdmitted, key);
  }
  if (placement->IsHeldAt(event.occurred_at)) return Reject(Reason::kPlacementHeld, key);
  if (ToMicros(held.expire_time()) <= event.occurred_at) {
    return Reject(Reason::kHoldExpiresBeforeItBegins, key);
  }
  if (!HasBedsFor(key, *placement, event.occurred_at)) return Reject(Reason::kNoFreeBed, key);
  return absl::OkStatus();
}

absl::Status ShelterState::CheckAdmission(const DomainEvent& event) const {
  const std::string& key = event.fact->resident_admitted().placement_id();
  const Placement* placement = Find(key);
  if (placement == nullptr) return RejectMissing(key);
  if (placement->phase == PlacementPhase::kAdmitted) {
    return Reject(Reason::kPlacementAdmitted, key);
  }
  // A request corrected after the admission must not leave the stays of others behind.
  if (!NamesSamePersons(event.fact->resident_admitted(), *placement)) {
    return Reject(Reason::kPlacementAdmitted, key);
  }
  if (HasBedsFor(key, *placement, event.occurred_at)) return absl::OkStatus();
  const bool hold_is_over =
      placement->hold_expires_at != 0 && placement->hold_expires_at <= event.occurred_at;
  return Reject(hold_is_over ? Reason::kHoldExpired : Reason::kNoFreeBed, key);
}

absl::Status ShelterState::CheckExtension(const DomainEvent& event) const {
  const event::v1::StayExtended& extended = event.fact->stay_extended();
  if (absl::Status status = CheckDischarge(extended.placement_id()); !status.ok()) return status;
  if (ToMicros(extended.planned_end_time()) <= event.occurred_at) {
    return Reject(Reason::kPlannedEndNotAhead, extended.placement_id());
  }
  return absl::OkStatus();
}

absl::Status ShelterState::CheckEndBeforeAdmission(const std::string& placement_id) const {
  const Placement* placement = Find(placement_id);
  if (placement == nullptr) return RejectMissing(placement_id);
  if (placement->phase == PlacementPhase::kAdmitted) {
    return Reject(Reason::kPlacementAdmitted, placement_id);
  }
  return absl::OkStatus();
}

absl::Status ShelterState::CheckDischarge(const std::string& placement_id) const {
  const Placement* placement = Find(placement_id);
  if (placement == nullptr) return RejectMissing(placement_id);
  if (placement->phase != PlacementPhase::kAdmitted) {
    return Reject(Reason::kPlacementNotAdmitted, placement_id);
  }
  return absl::OkStatus();
}

// Recorded by the timer, and only a note: the hold was over anyway. So it must not stand in the way
// of a late entry which says that the person had moved in (or needed no bed) before the expiry;
// that the placement is still held is asked of new ones only, in DecideShelter.
absl::Status ShelterState::CheckHoldExpired(const DomainEvent& event) const {
  const std::string& key = event.fact->hold_expired().placement_id();
  if (past_placements.contains(key)) return absl::OkStatus();
  const Placement* placement = Find(key);
  if (placement == nullptr) return RejectMissing(key);
  if (placement->hold_expires_at == 0) return Reject(Reason::kPlacementNotHeld, key);
  if (event.occurred_at < placement->hold_expires_at) return Reject(Reason::kHoldNotExpired, key);
  return absl::OkStatus();
}

}  // namespace caseledger::domain
