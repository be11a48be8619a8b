#include "projections/shelter_occupancy/placement_fold.h"

#include <algorithm>

namespace caseledger::projections {
namespace {

using event::v1::Fact;

class PlacementFold {
 public:
  void Apply(const EffectiveFact& event) {
    const Fact& fact = event.fact;
    switch (KindOf(fact)) {
      case Fact::kPlacementRequested:
        return Request(fact.placement_requested());
      case Fact::kPlacementHeld:
        return Hold(fact.placement_held(), event);
      case Fact::kResidentAdmitted:
        return Admit(fact.resident_admitted(), event.occurred_at);
      case Fact::kResidentDischarged:
        return EndStay(event.occurred_at);
      case Fact::kPlacementDeclined:
      case Fact::kPlacementCancelled:
      case Fact::kHoldExpired:
        return EndHold(event.occurred_at);
      default:
        return;
    }
  }
  PlacementState Take() { return std::move(state_); }

 private:
  void Request(const event::v1::PlacementRequested& fact) {
    state_.row.case_id = fact.case_id();
    state_.row.person_id = fact.person_id();
    beds_ = 1 + static_cast<uint32_t>(fact.companion_person_ids_size());
  }
  void Hold(const event::v1::PlacementHeld& fact, const EffectiveFact& event) {
    EndHold(event.occurred_at);
    const Micros expire_at = ToMicros(fact.expire_time());
    state_.open_hold = OpenHold{event.event_id, expire_at};
    state_.row.holds.push_back({event.occurred_at, expire_at, beds_});
  }
  void Admit(const event::v1::ResidentAdmitted& fact, Micros at) {
    EndHold(at);
    // Nobody takes the same beds twice.
    EndStay(at);
    if (!fact.case_id().empty()) state_.row.case_id = fact.case_id();
    if (!fact.person_id().empty()) state_.row.person_id = fact.person_id();
    const uint32_t beds = 1 + static_cast<uint32_t>(fact.companion_person_ids_size());
    state_.row.stays.push_back({at, kOpenEnd, beds});
  }
  void EndStay(Micros at) {
    if (!state_.row.stays.empty()) Cut(state_.row.stays.back(), at);
  }
  void EndHold(Micros at) {
    if (!state_.open_hold.has_value()) return;
    Cut(state_.row.holds.back(), at);
    state_.open_hold.reset();
  }
  static void Cut(BedInterval& interval, Micros at) { interval.to = std::min(interval.to, at); }

  PlacementState state_;
  uint32_t beds_ = 1;
};

}  // namespace

std::optional<std::string> PlacementOf(const Fact& fact) {
  switch (KindOf(fact)) {
    case Fact::kPlacementRequested:
      return fact.placement_requested().placement_id();
    case Fact::kPlacementHeld:
      return fact.placement_held().placement_id();
    case Fact::kResidentAdmitted:
      return fact.resident_admitted().placement_id();
    case Fact::kResidentDischarged:
      return fact.resident_discharged().placement_id();
    case Fact::kPlacementDeclined:
      return fact.placement_declined().placement_id();
    case Fact::kPlacementCancelled:
      return fact.placement_cancelled().placement_id();
    case Fact::kHoldExpired:
      return fact.hold_expired().placement_id();
    default:
      return std::nullopt;
  }
}

bool IsBedsFact(const Fact& fact) {
  return KindOf(fact) == Fact::kShelterRegistered || KindOf(fact) == Fact::kBedsChanged;
}

PlacementState FoldPlacement(const std::vector<EffectiveFact>& in_order) {
  PlacementFold fold;
  for (const EffectiveFact& fact : in_order) fold.Apply(fact);
  return fold.Take();
}

std::vector<BedsFrom> FoldBeds(const std::vector<EffectiveFact>& in_order) {
  std::vector<BedsFrom> beds;
  bool registered = false;
  for (const EffectiveFact& event : in_order) {
    if (KindOf(event.fact) == Fact::kShelterRegistered) {
      registered = true;
      beds.push_back({event.occurred_at, event.fact.shelter_registered().beds()});
    } else if (KindOf(event.fact) == Fact::kBedsChanged) {
      beds.push_back({event.occurred_at, event.fact.beds_changed().beds()});
    }
  }
  if (!registered) beds.clear();
  return beds;
}

}  // namespace caseledger::projections
