// The read model `report-facts`: every fact that may be counted, by stream and by time, with the
// positions [from, to) in which it was known, so that a report can be computed as of any event.
//
// Invariants
//  1. A row is the countable part of a fact; nothing sealed is ever copied.
//  2. A correction closes its target's row and opens the replacement in the target's place (same
//     revision and event id, at the replacement's time if it gives one). A void closes the row.
//     One whose target is not in force changes nothing, as in the aggregates' timelines.
//  3. Nothing is derived here: spans of time, topics, attributes and merges are folded from the
//     rows in order of occurrence when a report is computed, so late entries come out right.
#pragma once

#include "projections/runtime/projection.h"

namespace caseledger::projections {

// Not thread-safe; keeps no state between events.
class ReportFacts : public Projection {
 public:
  static constexpr std::string_view kName = "report-facts";

  std::string_view name() const override { return kName; }
  uint32_t version() const override { return 2; }
  // FAILED_PRECONDITION  a fact this program does not know: it might count
  // DATA_LOSS            a row is damaged
  absl::Status Apply(const eventstore::RecordedEvent& event, const event::v1::Fact& fact,
                     ReadModelBatch& batch) override;
};

}  // namespace caseledger::projections
