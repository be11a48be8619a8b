// Counts what one stream's facts say, for every indicator of a report.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "projections/report_facts/compiled.h"
#include "projections/report_facts/facts_as_of.h"
#include "projections/report_facts/figures.h"
#include "projections/report_facts/period.h"
#include "projections/report_facts/records.h"
#include "projections/report_facts/spans.h"

namespace caseledger::projections {

// What a stream adds depends on the facts of that stream and of those looked up in `facts` on the
// way, and on the units and what became of them; on nothing else. So it need be counted again only
// when one of these has changed. Not thread-safe.
class Counter {
 public:
  // `report` must outlive it.
  Counter(const CompiledReport& report, const Period& period);

  // Streams with facts that may count, without those of cases that ended before the period.
  absl::StatusOr<Streams> StreamsIn(const FactsAsOf& facts) const;

  // Adds what the facts of the timeline count to `figures`. DATA_LOSS on damage.
  absl::Status Count(const Timeline& timeline, Records& records, Figures& figures) const;

 private:
  using Times = absl::flat_hash_map<eventstore::StreamId, Micros>;
  // Facts that several indicators count, gone through once.
  struct Kind {
    CountedFact fact;
    Period period;  // in which they occur
    std::vector<size_t> indicators;
  };
  class Subjects;

  absl::Status AddCases(const FactsAsOf& facts, Streams& streams) const;

  const CompiledReport& report_;
  const Period period_;
  std::vector<Kind> kinds_;
};

}  // namespace caseledger::projections
