// A shelter: its beds, and the placements that take them.
//
// Beds taken at a time = residents and companions of open stays + beds of holds not expired then.
// Beds are judged at the time things occur, so that a late entry cannot overbook a past night.
//
// Invariants
//  1. At no time more beds are taken than there are. Beds are taken only by a hold, an admission or
//     fewer beds, and freed by everything else, so these three are the moments to look.
//  2. A placement is requested, perhaps held (again, once a hold is over), then admitted and
//     discharged, or else declined or cancelled. Its key is used once.
//  3. A hold is over at its expiry, whether or not HoldExpired was recorded.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"

namespace caseledger::domain {

enum class PlacementPhase : uint8_t { kRequested, kHeld, kAdmitted };

// A placement that is not over.
struct Placement {
  PlacementPhase phase = PlacementPhase::kRequested;
  std::string case_id;
  std::string person_id;
  std::vector<std::string> companion_person_ids;
  Micros hold_expires_at = 0;  // of the newest hold; 0: never held

  uint32_t BedsNeeded() const { return 1 + static_cast<uint32_t>(companion_person_ids.size()); }
  bool IsHeldAt(Micros at) const { return phase == PlacementPhase::kHeld && at < hold_expires_at; }
  bool TakesBedsAt(Micros at) const { return phase == PlacementPhase::kAdmitted || IsHeldAt(at); }

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(phase, case_id, person_id, companion_person_ids, hold_expires_at);
  }
};

struct ShelterState {
  static constexpr uint32_t kVersion = 1;

  bool registered = false;
  std::string agency_id;
  uint32_t beds = 0;
  std::map<std::string, Placement> placements;  // key -> placement that is not over
  std::set<std::string> past_placements;        // keys of those declined, cancelled or discharged

  // Whether the record was begun, and its beginning was not voided.
  bool Exists() const { return registered; }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  // Beds taken at `at`, given that nothing happens between the state's last event and then.
  uint32_t BedsTaken(Micros at) const;
  // The placement with this key, or null: unknown or over.
  const Placement* Find(const std::string& placement_id) const;
  // Why there is no placement with this key.
  absl::Status RejectMissing(const std::string& placement_id) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(registered, agency_id, beds, placements, past_placements);
  }

 private:
  void ApplyRequest(const event::v1::PlacementRequested& requested);
  void ApplyHoldExpired(const DomainEvent& event);
  void End(const std::string& placement_id);
  bool HasBedsFor(const std::string& placement_id, const Placement& placement, Micros at) const;
  absl::Status CheckRequest(const event::v1::PlacementRequested& requested) const;
  absl::Status CheckHold(const DomainEvent& event) const;
  absl::Status CheckAdmission(const DomainEvent& event) const;
  absl::Status CheckExtension(const DomainEvent& event) const;
  absl::Status CheckEndBeforeAdmission(const std::string& placement_id) const;
  absl::Status CheckDischarge(const std::string& placement_id) const;
  absl::Status CheckHoldExpired(const DomainEvent& event) const;
};

// Pure: same arguments, same answer. `state` is as of context.occurred_at; the caller runs Check on
// the fact as completed here. Admission and discharge also go into the streams of the case, the
// resident and the companions.
absl::StatusOr<Decided> DecideShelter(const ShelterState& state, const Fact& fact,
                                      const Context& context);

}  // namespace caseledger::domain
