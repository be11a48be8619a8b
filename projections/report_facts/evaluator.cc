#include "projections/report_facts/evaluator.h"

#include <memory>

#include "eventstore/base/status_macros.h"
#include "projections/report_facts/standing_report.h"

namespace caseledger::projections {

absl::StatusOr<ReportResult> RunReport(const ReadSnapshot& snapshot,
                                       const v1::ReportDefinition& definition, Micros from,
                                       Micros to, uint64_t as_of_events) {
  ASSIGN_OR_RETURN(
      const std::unique_ptr<StandingReport> report,
      StandingReport::Count(snapshot, definition, {from, to}, as_of_events, /*most_bytes=*/0));
  return report->Result();
}

}  // namespace caseledger::projections
