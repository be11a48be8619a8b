// What expires unless someone acts: pending referrals and held placements, by due time. For
// services/timers, which records the expiry; an item goes with any answer or with that record.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/event.h"
#include "projections/read_model/read_model.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {

inline constexpr std::string_view kDueItemsName = "due-items";

enum class DueKind : uint32_t { kReferral = 1, kPlacementHold = 2 };

struct DueItem {
  DueKind kind = DueKind::kReferral;
  eventstore::StreamId stream;  // the case or the shelter
  std::string key;              // of the referral or placement in it
  Micros due_at = 0;            // it has expired from then on
  Uuid event_id;                // of the offer or hold
};

std::unique_ptr<Projection> MakeDueItems();

// Items due at or before `until`, the oldest first, at most `limit`. DATA_LOSS on damage.
absl::StatusOr<std::vector<DueItem>> DueUntil(const ReadSnapshot& snapshot, Micros until,
                                              size_t limit);

}  // namespace caseledger::projections
