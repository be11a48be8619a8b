// The rows of the retention table; only the projection and its query know them.
//
//   'd' due_at, case id     -> the persons who were not erased; closed cases that a rule ceases to
//                              keep then, and that name such a person
//   'c' case id             -> KeptCase
//   'p' person id, case id  -> nothing
//   'f' ..., 'i' ...           the effective facts of each case (fact_groups.h)
//   'e' ..., 'j' ...           the erasures of each person
//   'n' ..., 't' ..., 'u' ...  the texts of rules (agency_texts.h)
#pragma once

namespace caseledger::projections::retention {

inline constexpr char kDueSpace = 'd';
inline constexpr char kCaseSpace = 'c';
inline constexpr char kPersonSpace = 'p';
inline constexpr char kFactsSpace = 'f';
inline constexpr char kFactIndexSpace = 'i';
inline constexpr char kErasuresSpace = 'e';
inline constexpr char kErasureIndexSpace = 'j';
inline constexpr char kNamesSpace = 'n';
inline constexpr char kTextsSpace = 't';
inline constexpr char kTextIndexSpace = 'u';

}  // namespace caseledger::projections::retention
