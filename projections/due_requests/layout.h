// The rows of the table of due requests; only the projection and its query know them.
//
//   'o' due_at, person id, text(request)                 -> DueRequest; due_at: greatest when none
//   'x' executed_at descending, person id, text(request) -> DueRequest, executed
//   'k' person id          -> the keys of the person's rows
//   'g' event id           -> the agency that took a request in, or decided
//   'f' ..., 'i' ...          the effective facts of each person (fact_groups.h)
//   'n' ..., 't' ..., 'u' ... the texts of deadlines (agency_texts.h)
#pragma once

namespace caseledger::projections::due_requests {

inline constexpr char kOpenSpace = 'o';
inline constexpr char kExecutedSpace = 'x';
inline constexpr char kKeysSpace = 'k';
inline constexpr char kAgencySpace = 'g';
inline constexpr char kFactsSpace = 'f';
inline constexpr char kFactIndexSpace = 'i';
inline constexpr char kNamesSpace = 'n';
inline constexpr char kTextsSpace = 't';
inline constexpr char kTextIndexSpace = 'u';

}  // namespace caseledger::projections::due_requests
