// A placement's holds and stays, and a shelter's beds, computed from effective facts.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "projections/effective/fact_groups.h"

namespace caseledger::projections {

// Not ended yet.
inline constexpr Micros kOpenEnd = std::numeric_limits<Micros>::max();

// Beds taken or kept free in [from, to).
struct BedInterval {
  Micros from = 0;
  Micros to = kOpenEnd;
  uint32_t beds = 0;  // resident and companions

  bool Covers(Micros at) const { return from <= at && at < to; }

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(from, to, beds);
  }
};

struct PlacementRow {
  std::string case_id;
  std::string person_id;
  std::vector<BedInterval> holds;
  std::vector<BedInterval> stays;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(case_id, person_id, holds, stays);
  }
};

// A hold that nobody has answered yet.
struct OpenHold {
  Uuid event_id;
  Micros expire_at = 0;
};

struct PlacementState {
  PlacementRow row;
  std::optional<OpenHold> open_hold;
};

// Beds from a time on.
struct BedsFrom {
  Micros from = 0;
  uint32_t beds = 0;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(from, beds);
  }
};

// The placement a fact belongs to, or nullopt.
std::optional<std::string> PlacementOf(const event::v1::Fact& fact);
bool IsBedsFact(const event::v1::Fact& fact);

// Facts of one placement. A hold ends at its expiry, or before with the next hold, admission,
// decline or cancellation, whatever was recorded first; an admission ends by the discharge. Pure.
PlacementState FoldPlacement(const std::vector<EffectiveFact>& in_order);

// Registration and changes of beds. Empty: not registered. Pure.
std::vector<BedsFrom> FoldBeds(const std::vector<EffectiveFact>& in_order);

}  // namespace caseledger::projections
