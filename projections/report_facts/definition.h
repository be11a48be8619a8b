// Report definitions: from text to a checked message, and from the ledger by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "caseledger/v1/report_definition.pb.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// Most bytes of a definition's text.
inline constexpr size_t kMaxDefinitionBytes = 1'600'000;

// Reads a definition in protobuf text format and checks every name in it.
//
// INVALID_ARGUMENT  a syntax error with line and column, or every other problem at once, one a line
absl::StatusOr<v1::ReportDefinition> ParseReportDefinition(std::string_view text);

// A definition as the ledger holds it.
struct LoadedDefinition {
  std::string report_id;
  uint32_t version = 0;
  std::string text;
  uint64_t position = 0;  // of the event that holds the text
};

// The newest loaded definition `NAME`, or the newest load of `NAME@VERSION`, as of `as_of_events`.
// To restate old figures by the newest rules, look up with the snapshot's applied_events() and
// compute with the older point; README.md says why that is the rule.
//
// NOT_FOUND  INVALID_ARGUMENT (a malformed name)  OUT_OF_RANGE (as RunReport)  DATA_LOSS
absl::StatusOr<LoadedDefinition> FindDefinition(const ReadSnapshot& snapshot, std::string_view name,
                                                uint64_t as_of_events);

}  // namespace caseledger::projections
