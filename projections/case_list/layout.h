// The rows of the case list's table; only the projection and its query know them.
//
//   'r' ...                    CaseRow, versioned; key: opened_at descending, case id
//   'o' case id             -> opened_at of the case's current row
//   'f' ..., 'i' ...           the effective facts of each case (fact_groups.h)
#pragma once

#include "projections/read_model/versioned_rows.h"

namespace caseledger::projections::case_list {

inline constexpr VersionedRows kRows('r');
inline constexpr char kOpenedAtSpace = 'o';
inline constexpr char kFactsSpace = 'f';
inline constexpr char kFactIndexSpace = 'i';

}  // namespace caseledger::projections::case_list
