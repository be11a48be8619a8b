// One thread that applies the ledger's events to one table.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "eventstore/log.h"
#include "projections/read_model/read_model.h"
#include "projections/runtime/projection.h"
#include "projections/runtime/runtime.h"

namespace caseledger::projections {

// Where a worker stands.
struct WorkerProgress {
  uint64_t applied_events = 0;
  bool caught_up = false;
  bool stopped = false;
  uint64_t stopped_at_position = 0;
  std::string trouble;  // why it stopped
};

// Keeps invariants 1 to 3 of runtime.h. Thread-safe.
class Worker {
 public:
  // Called by the worker's thread after each commit, on catching up and when it stops. Must not
  // wait for this worker; may wait for another.
  using OnProgress = std::function<void(Worker& worker)>;

  Worker(eventstore::EventLog& log, Runtime::Factory factory, std::string table_name,
         std::unique_ptr<ReadModelTable> table, const Runtime::Options& options,
         OnProgress on_progress);
  ~Worker();

  // Begins to apply from the table's position on. Once.
  void Start();
  // Instead of Start: applies the events before `events` in the caller's thread. CANCELLED after
  // Cancel; else as a projection or the log fails.
  absl::Status AdvanceTo(uint64_t events);
  // Ends the thread and waits for it. Idempotent; from any thread but its own.
  void StopAndJoin();
  // Ends the thread without waiting.
  void Cancel();

  WorkerProgress progress() const;
  const std::string& table_name() const { return table_name_; }
  std::unique_ptr<ReadSnapshot> Snapshot() const { return table_->Snapshot(); }

 private:
  absl::Status Run();
  // Run, and again after outages.
  absl::Status RunThroughOutages();
  bool IsCancelled() const ABSL_SHARED_LOCKS_REQUIRED(rest_mutex_) { return cancelled_; }
  // CANCELLED when asked to end.
  absl::Status CheckNotCancelled() const;
  absl::Status Take(const eventstore::Subscription::Delivery& delivery);
  // Waits until `gather` has passed since the last delivery was taken, so that under load one
  // commit carries many events. CANCELLED when asked to end.
  absl::Status Gather();
  // Lays the event's rows over the table and commits when that is much. After an error the rows
  // that are not committed are worthless.
  absl::Status Apply(const eventstore::RecordedEvent& event);
  absl::Status ApplyToBatch(const eventstore::RecordedEvent& event);
  bool IsMuch() const;
  // Whatever was applied and is not committed.
  absl::Status Commit();
  // After an event failed.
  absl::Status CommitWhatWasApplied();
  void SetCaughtUp(bool caught_up);
  void SetStopped(const absl::Status& why);

  eventstore::EventLog& log_;
  const Runtime::Factory factory_;
  const std::string table_name_;
  const std::unique_ptr<ReadModelTable> table_;
  const Runtime::Options options_;
  const OnProgress on_progress_;

  // Of the thread.
  std::unique_ptr<Projection> projection_;
  std::unique_ptr<ReadModelBatch> batch_;  // null: everything applied is committed
  uint64_t batch_events_ = 0;              // in it
  event::v1::Fact fact_;
  Micros taken_at_ = 0;  // MonotonicNow

  mutable Mutex mutex_;
  WorkerProgress progress_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<eventstore::Subscription> subscription_ ABSL_GUARDED_BY(mutex_);

  // A mutex of its own: a resting worker is not to be woken by those who ask how far it is.
  mutable Mutex rest_mutex_;
  bool cancelled_ ABSL_GUARDED_BY(rest_mutex_) = false;

  Mutex join_mutex_;
  Thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace caseledger::projections
