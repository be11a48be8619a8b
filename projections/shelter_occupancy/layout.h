// The rows of the shelter occupancy's table; only the projection and its query know them.
//
//   'p' ...                    PlacementRow, versioned; key: shelter id, text(placement)
//   'b' ...                    list of BedsFrom, versioned; key: shelter id
//   'f' ..., 'i' ...           the effective facts by placement (fact_groups.h); those about beds
//                              are one group
#pragma once

#include "projections/read_model/versioned_rows.h"

namespace caseledger::projections::shelter_occupancy {

inline constexpr VersionedRows kPlacements('p');
inline constexpr VersionedRows kBeds('b');
inline constexpr char kFactsSpace = 'f';
inline constexpr char kFactIndexSpace = 'i';

}  // namespace caseledger::projections::shelter_occupancy
