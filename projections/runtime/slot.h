// One projection of a ledger: the worker of its live table and, during a rebuild, that of the table
// to come.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/log.h"
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
  // These three as in Runtime.
  absl::StatusOr<std::unique_ptr<ReadSnapshot>> View(uint64_t min_applied_events,
                                                     absl::Duration timeout);
  absl::Status Rebuild();
  ProjectionHealth Health() const;
  void Stop();

 private:
  using SharedWorker = std::shared_ptr<Worker>;

  absl::StatusOr<SharedWorker> NewWorker(const std::string& table_name);
  void OnProgress(Worker& worker);
  // Makes the table being built the live one when it has come as far. Called by its worker.
  void SwapIfCaughtUp(Worker& worker);
  absl::Status CannotWait(uint64_t min_applied_events) const;
  void MeasureLag(ProjectionHealth& health) const;

  eventstore::EventLog& log_;
  LiveTables& tables_;
  const Runtime::Factory factory_;
  const Runtime::Options options_;
  std::string projection_name_;
  std::string table_name_;  // of this program's version

  mutable std::mutex mutex_;
  std::condition_variable progressed_;
  SharedWorker live_;      // null while the first table of a new version is being built
  SharedWorker building_;  // null when no rebuild runs
  std::string rebuild_trouble_;
  bool stopping_ = false;
};

}  // namespace caseledger::projections
