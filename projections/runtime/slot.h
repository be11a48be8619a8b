// One projection of a ledger: the worker of its live table and, during a rebuild, that of the table
// to come.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log.h"
#include "projections/runtime/comparison.h"
#include "projections/runtime/runtime.h"
#include "projections/runtime/tables.h"
#include "projections/runtime/worker.h"

namespace caseledger::projections {

// Thread-safe.
class Slot {
 public:
  // `log` and `tables` must outlive it.
  Slot(eventstore::EventLog& log, LiveTables& tables, Runtime::Factory factory,
       const Runtime::Options& options);
  ~Slot();

  // Opens the tables and starts the worker. Once.
  absl::Status Start();

  const std::string& projection_name() const { return projection_name_; }
  // Name and version.
  const std::string& table_name() const { return table_name_; }
  // These as in Runtime.
  absl::StatusOr<std::unique_ptr<ReadSnapshot>> View(uint64_t min_applied_events,
                                                     absl::Duration timeout);
  absl::Status Rebuild(Runtime::Compare compare);
  absl::Status Pause();
  absl::Status Resume();
  absl::Status Drop();
  ProjectionHealth Health(Runtime::Ages ages) const;
  void Stop();

 private:
  using SharedWorker = std::shared_ptr<Worker>;

  absl::StatusOr<SharedWorker> NewWorker(const std::string& table_name);
  void OnProgress(Worker& worker);
  // Makes the table being built the live one when it has come as far. Called by its worker.
  void SwapIfCaughtUp(Worker& worker);
  // Begins a comparison that was asked for once what is live reflects what the table before it
  // does. Called by the live worker.
  void CompareIfReached(Worker& worker);
  std::optional<TableComparison> ComparisonSoFar() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void DropUnusedTables();
  // Lets those in View look again.
  void WakeViewers();
  bool ReflectsAtLeast(uint64_t events) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Nothing will be applied any more.
  bool HasEnded() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // FAILED_PRECONDITION when stopping, or a rebuild runs.
  absl::Status CheckAtRest() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  absl::Status CannotWait(uint64_t min_applied_events) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void MeasureLag(ProjectionHealth& health, Runtime::Ages ages) const;

  eventstore::EventLog& log_;
  LiveTables& tables_;
  const Runtime::Factory factory_;
  const Runtime::Options options_;
  std::string projection_name_;
  std::string table_name_;  // of this program's version

  // Of what operators ask for: one at a time. Before mutex_.
  Mutex acts_mutex_;
  mutable Mutex mutex_;
  // Null while the first table of a new version is being built, and when it was dropped.
  SharedWorker live_ ABSL_GUARDED_BY(mutex_);
  SharedWorker building_ ABSL_GUARDED_BY(mutex_);  // null when no rebuild runs
  std::string rebuild_trouble_ ABSL_GUARDED_BY(mutex_);
  bool compare_ ABSL_GUARDED_BY(mutex_) = false;        // what is being built, once it is live
  SharedWorker replaced_ ABSL_GUARDED_BY(mutex_);       // stopped, waits to be compared
  std::string compared_table_ ABSL_GUARDED_BY(mutex_);  // of comparison_
  std::shared_ptr<Comparison> comparison_ ABSL_GUARDED_BY(mutex_);
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace caseledger::projections
