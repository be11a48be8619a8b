// A report that is counted once and then kept: what events change is counted again, the rest
// stands.
//
// Of each stream that counts is kept what it counted and which streams were read on the way. After
// further events only the streams that were written, and those that had read one of them, are
// counted again. The figures are those that RunReport would give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event.h"
#include "projections/report_facts/attribution.h"
#include "projections/report_facts/counter.h"
#include "projections/report_facts/evaluator.h"
#include "projections/report_facts/figures.h"
#include "projections/report_facts/period.h"

namespace caseledger::projections {

// Not thread-safe.
class StandingReport {
 public:
  // Counts everything. With `most_bytes` 0, or when keeping takes more than that, nothing is kept
  // beside the figures: see CanAdvance. Errors as RunReport.
  static absl::StatusOr<std::unique_ptr<StandingReport>> Count(
      const ReadSnapshot& snapshot, const v1::ReportDefinition& definition, const Period& period,
      uint64_t as_of_events, size_t most_bytes);

  // Brings it to `as_of_events`, not before as_of_events(); `written` are at least the streams of
  // the events between. After an error it must not be used any more. Errors as RunReport.
  absl::Status Advance(const ReadSnapshot& snapshot, uint64_t as_of_events, const Streams& written);
  bool CanAdvance() const { return keeps_; }

  ReportResult Result() const;
  uint64_t as_of_events() const { return as_of_events_; }
  // About how much memory it takes.
  size_t bytes() const;

 private:
  // What is kept of a stream, if it counted something or another stream was read for it.
  struct Kept {
    std::vector<Figures::Mention> counted;
    std::vector<uint32_t> reads;    // of other streams, each once, in rising order
    std::vector<uint32_t> readers;  // streams that read this one, and maybe some that once did
  };

  StandingReport(const v1::ReportDefinition& definition, CompiledReport compiled,
                 const Period& period, size_t most_bytes);

  absl::Status CountAll(const ReadSnapshot& snapshot, uint64_t as_of_events);
  absl::Status CountStream(const eventstore::StreamId& stream, FactsAsOf& facts, Records& records);
  void Keep(const eventstore::StreamId& stream, std::vector<Figures::Mention> counted,
            const std::vector<eventstore::StreamId>& reads);
  uint32_t NumberOf(const eventstore::StreamId& stream);
  void Forget();
  absl::Status CheckGroups() const;

  const v1::ReportDefinition definition_;
  const CompiledReport compiled_;
  const Counter counter_;
  const size_t most_bytes_;
  uint64_t as_of_events_ = 0;
  std::unique_ptr<Figures> figures_;
  std::unique_ptr<Attribution> places_;  // null until it is needed
  bool keeps_;
  absl::flat_hash_map<eventstore::StreamId, uint32_t> numbers_;
  std::vector<Kept> kept_;                     // by number
  std::vector<eventstore::StreamId> streams_;  // by number
  size_t kept_bytes_ = 0;
};

}  // namespace caseledger::projections
