// The rows of the data-quality table; only the projection and its query know them.
//
//   'o' ~position                -> Finding
//   'a' text(agency) ~position   -> the same
//   'f' text(flag) ~position     -> the same
//   'e' id of the event at fault -> Finding
#pragma once

namespace caseledger::projections::data_quality {

inline constexpr char kAllSpace = 'o';
inline constexpr char kAgencySpace = 'a';
inline constexpr char kFlagSpace = 'f';
inline constexpr char kEventSpace = 'e';

}  // namespace caseledger::projections::data_quality
