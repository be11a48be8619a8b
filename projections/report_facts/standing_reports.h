// The reports that are asked for again and again, kept so that each costs what has changed since.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "projections/report_facts/evaluator.h"
#include "projections/report_facts/period.h"

namespace caseledger::projections {

// Those of one ledger. Thread-safe; who asks for a report that another caller is counting waits for
// it, and then has it.
class StandingReports {
 public:
  struct Options {
    size_t most_reports = 16;
    // Of all that are kept. One that takes more is counted anew each time. While one is counted the
    // first time, as much again may be needed.
    size_t most_bytes = size_t{256} << 20;
    // After more events than that everything is counted anew.
    uint64_t most_new_events = 100'000;
  };
  // At least the streams of the events at positions [from, to).
  using WrittenStreams = absl::FunctionRef<absl::StatusOr<Streams>(uint64_t from, uint64_t to)>;

  explicit StandingReports(const Options& options) : options_(options) {}

  // As RunReport as of now: of what the snapshot of `report-facts` reflects, or of more when
  // another caller has seen more. The result says of how much. Errors as RunReport, or of
  // `written`.
  absl::StatusOr<ReportResult> Run(const ReadSnapshot& snapshot,
                                   const v1::ReportDefinition& definition, const Period& period,
                                   WrittenStreams written);

  // Of all that are kept, about.
  size_t bytes() const;

 private:
  struct Entry;
  using SharedEntry = std::shared_ptr<Entry>;

  SharedEntry Find(const std::string& question);
  void Weigh(const SharedEntry& entry, size_t bytes);

  const Options options_;
  mutable Mutex mutex_;
  std::list<SharedEntry> entries_ ABSL_GUARDED_BY(mutex_);  // asked for last: first
};

}  // namespace caseledger::projections
