#include <algorithm>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/shelter_occupancy/layout.h"
#include "projections/shelter_occupancy/placement_fold.h"
#include "projections/shelter_occupancy/shelter_occupancy.h"

namespace caseledger::projections {
namespace {

// Asia/Ho_Chi_Minh has had no other offset since 1975.
absl::TimeZone LedgerZone() { return absl::FixedTimeZone(7 * 3600); }

absl::CivilDay DayOf(Micros time) {
  return absl::ToCivilDay(absl::FromUnixMicros(time), LedgerZone());
}

Micros MidnightAfter(absl::CivilDay evening) {
  return absl::ToUnixMicros(absl::FromCivil(evening + 1, LedgerZone()));
}

uint32_t BedsAt(const std::vector<BedsFrom>& beds, Micros at) {
  uint32_t found = 0;
  for (const BedsFrom& change : beds) {
    if (change.from > at) break;
    found = change.beds;
  }
  return found;
}

uint32_t BedsCovering(const std::vector<BedInterval>& intervals, Micros at) {
  uint32_t beds = 0;
  for (const BedInterval& interval : intervals) {
    if (interval.Covers(at)) beds += interval.beds;
  }
  return beds;
}

absl::StatusOr<std::vector<absl::CivilDay>> Evenings(const OccupancyQuery& query) {
  std::vector<absl::CivilDay> evenings;
  if (!query.nights.has_value()) return evenings;
  const absl::CivilDay first = DayOf(query.nights->from);
  const absl::CivilDay end = DayOf(query.nights->to);
  if (query.nights->to < query.nights->from || end - first > kMaxNights) {
    return absl::InvalidArgumentError(
        StrCat("the nights must end after they begin and be at most ", kMaxNights));
  }
  for (absl::CivilDay evening = first; evening < end; ++evening) {
    if (MidnightAfter(evening) > query.at) break;
    evenings.push_back(evening);
  }
  return evenings;
}

absl::StatusOr<std::vector<BedsFrom>> ReadBeds(const ReadSnapshot& snapshot,
                                               const OccupancyQuery& query) {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                   shelter_occupancy::kBeds.Get(snapshot, KeyBuilder().Id(query.shelter_id).key(),
                                                query.as_of_events));
  if (!stored.has_value()) return absl::NotFoundError("no such shelter");
  return DecodeRow<std::vector<BedsFrom>>(*stored);
}

void Count(const PlacementRow& placement, const OccupancyQuery& query,
           const std::vector<absl::CivilDay>& evenings, Occupancy& occupancy) {
  occupancy.held += BedsCovering(placement.holds, query.at);
  occupancy.occupied += BedsCovering(placement.stays, query.at);
  occupancy.residents += static_cast<uint32_t>(
      std::count_if(placement.stays.begin(), placement.stays.end(),
                    [&](const BedInterval& stay) { return stay.Covers(query.at); }));
  for (size_t i = 0; i < evenings.size(); ++i) {
    const uint32_t beds = BedsCovering(placement.stays, MidnightAfter(evenings[i]));
    occupancy.nights[i].occupied += beds;
    occupancy.bed_nights += beds;
  }
}

}  // namespace

absl::StatusOr<Occupancy> GetOccupancy(const ReadSnapshot& snapshot, const OccupancyQuery& query) {
  ASSIGN_OR_RETURN(const std::vector<absl::CivilDay> evenings, Evenings(query));
  ASSIGN_OR_RETURN(const std::vector<BedsFrom> beds, ReadBeds(snapshot, query));
  Occupancy occupancy;
  occupancy.beds = BedsAt(beds, query.at);
  occupancy.reflected_events =
      query.as_of_events == kLatest ? snapshot.applied_events() : query.as_of_events;
  for (const absl::CivilDay evening : evenings) {
    occupancy.nights.push_back(
        {absl::FormatCivilTime(evening), BedsAt(beds, MidnightAfter(evening)), 0});
  }
  absl::Status damage;
  const std::string prefix = KeyBuilder().Id(query.shelter_id).Take();
  RETURN_IF_ERROR(shelter_occupancy::kPlacements.Scan(
      snapshot, prefix, EndOfPrefix(prefix), query.as_of_events,
      [&](std::string_view, std::string_view value) {
        const absl::StatusOr<PlacementRow> placement = DecodeRow<PlacementRow>(value);
        damage = placement.status();
        if (damage.ok()) Count(*placement, query, evenings, occupancy);
        return damage.ok();
      }));
  RETURN_IF_ERROR(damage);
  return occupancy;
}

}  // namespace caseledger::projections
