// Whether dashboards can be relied upon: the read models are compared with the heads of their
// ledgers every second.
#pragma once

#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "services/commands/ledgers.h"

namespace caseledger::app {

// The first read model that is stopped, paused, dropped, or further than `most_lag_seconds` behind
// its ledger, and which it is; "": none. A rebuild beside the live one is no trouble.
std::string DashboardTrouble(const commands::Ledgers& ledgers, double most_lag_seconds);

// Thread-safe.
class DashboardHealth {
 public:
  // Hears of each change, first when there is trouble. `why` is empty when there is none.
  using OnChange = std::function<void(bool serving, const std::string& why)>;

  // `ledgers` must outlive it, and be opened by Start.
  DashboardHealth(const commands::Ledgers& ledgers, double most_lag_seconds, OnChange on_change)
      : ledgers_(ledgers), most_lag_seconds_(most_lag_seconds), on_change_(std::move(on_change)) {}
  ~DashboardHealth() { Stop(); }

  void Start();
  // Ends the thread. Idempotent.
  void Stop();

 private:
  void Run();
  bool stopping() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_; }

  const commands::Ledgers& ledgers_;
  const double most_lag_seconds_;
  const OnChange on_change_;
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace caseledger::app
