// How full a shelter is at an instant and by night, readable as of any position.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "projections/read_model/read_model.h"
#include "projections/read_model/versioned_rows.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {

inline constexpr std::string_view kShelterOccupancyName = "shelter-occupancy";
inline constexpr int64_t kMaxNights = 400;

std::unique_ptr<Projection> MakeShelterOccupancy();

// Evenings [from, to) by their dates in the ledger's zone, UTC+7.
struct NightRange {
  Micros from = 0;
  Micros to = 0;
};

struct OccupancyQuery {
  Uuid shelter_id;
  // The instant asked for. Nights whose midnight has not come by then are left out: an open stay
  // says nothing about them.
  Micros at = 0;
  std::optional<NightRange> nights{};
  uint64_t as_of_events = kLatest;
};

// At midnight after the evening.
struct Night {
  std::string date;  // of the evening, `2024-03-05`
  uint32_t beds = 0;
  uint32_t occupied = 0;  // companions included
};

struct Occupancy {
  uint32_t beds = 0;
  uint32_t occupied = 0;   // companions included
  uint32_t residents = 0;  // without companions
  uint32_t held = 0;
  std::vector<Night> nights;
  uint64_t bed_nights = 0;  // beds taken over these nights
  uint64_t reflected_events = 0;
};

// NOT_FOUND         no such shelter as of then
// INVALID_ARGUMENT  the range of nights ends before it begins or has more than 400
// OUT_OF_RANGE      as of more events than the snapshot reflects
// DATA_LOSS         damaged rows
absl::StatusOr<Occupancy> GetOccupancy(const ReadSnapshot& snapshot, const OccupancyQuery& query);

}  // namespace caseledger::projections
