#include "projections/report_facts/standing_reports.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/report_facts/standing_report.h"

namespace caseledger::projections {

struct StandingReports::Entry {
  std::string question;
  size_t bytes = 0;  // under the mutex of all
  Mutex mutex;
  std::unique_ptr<StandingReport> report ABSL_GUARDED_BY(mutex);

  absl::StatusOr<ReportResult> Run(const ReadSnapshot& snapshot,
                                   const v1::ReportDefinition& definition, const Period& period,
                                   const Options& options, WrittenStreams written)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
};

// What fails on the way is not kept.
absl::StatusOr<ReportResult> StandingReports::Entry::Run(const ReadSnapshot& snapshot,
                                                         const v1::ReportDefinition& definition,
                                                         const Period& period,
                                                         const Options& options,
                                                         WrittenStreams written) {
  const uint64_t events = snapshot.applied_events();
  std::unique_ptr<StandingReport> counted = std::move(report);
  if (counted != nullptr && counted->as_of_events() < events) {
    const uint64_t before = counted->as_of_events();
    if (events - before <= options.most_new_events) {
      ASSIGN_OR_RETURN(const Streams streams, written(before, events));
      RETURN_IF_ERROR(counted->Advance(snapshot, events, streams));
    } else {
      counted.reset();
    }
  }
  if (counted == nullptr) {
    ASSIGN_OR_RETURN(
        counted, StandingReport::Count(snapshot, definition, period, events, options.most_bytes));
  }
  ReportResult result = counted->Result();
  if (counted->CanAdvance()) report = std::move(counted);
  return result;
}

absl::StatusOr<ReportResult> StandingReports::Run(const ReadSnapshot& snapshot,
                                                  const v1::ReportDefinition& definition,
                                                  const Period& period, WrittenStreams written) {
  const SharedEntry entry =
      Find(StrCat(period.from, " ", period.to, " ", definition.SerializeAsString()));
  MutexLock lock(&entry->mutex);
  absl::StatusOr<ReportResult> result = entry->Run(snapshot, definition, period, options_, written);
  Weigh(entry, entry->report == nullptr ? 0 : entry->report->bytes());
  return result;
}

StandingReports::SharedEntry StandingReports::Find(const std::string& question) {
  MutexLock lock(&mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const SharedEntry& entry) {
    return entry->question == question;
  });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return entries_.front();
  }
  entries_.push_front(std::make_shared<Entry>());
  entries_.front()->question = question;
  if (entries_.size() > options_.most_reports) entries_.pop_back();
  return entries_.front();
}

// Others go, those first that were asked for longest ago, until all fit.
void StandingReports::Weigh(const SharedEntry& entry, size_t bytes) {
  MutexLock lock(&mutex_);
  entry->bytes = bytes;
  size_t all = 0;
  for (const SharedEntry& each : entries_) all += each->bytes;
  for (auto at = entries_.end(); at != entries_.begin() && all > options_.most_bytes;) {
    --at;
    if (*at == entry) continue;
    all -= (*at)->bytes;
    at = entries_.erase(at);
  }
}

size_t StandingReports::bytes() const {
  MutexLock lock(&mutex_);
  size_t all = 0;
  for (const SharedEntry& each : entries_) all += each->bytes;
  return all;
}

}  // namespace caseledger::projections
