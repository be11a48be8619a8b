// The rows of the table of work items; only the projection and its query know them.
//
//   'o' due_at, ITEM                               -> WorkItem that runs
//   'a' text(agency) due_at, ITEM                  -> the same
//   'w' text(agency) text(worker) due_at, ITEM     -> the same
//   'x' ended_at descending, ITEM                  -> WorkItem that has ended
//   'y' text(agency) ended_at descending, ITEM     -> the same
//       ITEM: kind, record id, text(deadline), id of the event that started it
//   'k' kind, record id                            -> the keys of the record's rows above
//   's' type of a fact                             -> 1 when a text ever started a deadline with
//                                                     it, else 0
//   'm' kind, record id, type, occurred_at, revision
//                                                  -> what of the fact matters (fact_times.h)
//   'n' ..., 't' ..., 'u' ...                      -> the texts of deadlines (agency_texts.h)
#pragma once

namespace caseledger::projections::work_items {

inline constexpr char kRunningSpace = 'o';
inline constexpr char kRunningOfAgencySpace = 'a';
inline constexpr char kRunningOfWorkerSpace = 'w';
inline constexpr char kEndedSpace = 'x';
inline constexpr char kEndedOfAgencySpace = 'y';
inline constexpr char kKeysSpace = 'k';
inline constexpr char kTypesSpace = 's';
inline constexpr char kTimesSpace = 'm';
inline constexpr char kNamesSpace = 'n';
inline constexpr char kTextsSpace = 't';
inline constexpr char kTextIndexSpace = 'u';

}  // namespace caseledger::projections::work_items
