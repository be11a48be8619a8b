// Computes a report from its definition and the facts as known after n events.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "caseledger/v1/report_definition.pb.h"
#include "eventstore/base/clock.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

struct ReportFigure {
  std::string row;
  std::string parent;
  uint64_t value = 0;
  std::string unit;
  std::string label_vi;
  std::string label_en;
  std::vector<std::string> group_fields = {};
  // Of a group: its value of each field; "": not known; kNotAttributable (attribution.h).
  std::vector<std::string> group = {};
  // Of a row: by how much it could be more, were everything in its places of which it is not known.
  uint64_t not_attributable = 0;
};

struct ReportResult {
  std::string report_id;
  uint32_t version = 0;
  std::vector<ReportFigure> rows;  // in the definition's order, the groups of each after it
  std::vector<std::string> broken_identities;  // in words; empty: all hold
  uint64_t reflected_events = 0;
};

// Most groups of all rows together.
inline constexpr size_t kMostGroups = 10'000;

// Figures for the period [from, to), from a snapshot of `report-facts`. The same arguments give the
// same digits, whatever was recorded after `as_of_events`.
//
// INVALID_ARGUMENT  an empty period, or a definition with problems (all listed)
// RESOURCE_EXHAUSTED more than kMostGroups groups
// OUT_OF_RANGE      the snapshot does not reflect `as_of_events` yet
// DATA_LOSS         a row is damaged; rebuild the projection
absl::StatusOr<ReportResult> RunReport(const ReadSnapshot& snapshot,
                                       const v1::ReportDefinition& definition, Micros from,
                                       Micros to, uint64_t as_of_events);

}  // namespace caseledger::projections
