// Commits to the heads of all streams at least once a minute in which a ledger changed, and every
// 10,000 events (services/commands/heads_keeper.h).
#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "services/commands/ledgers.h"

namespace caseledger::timers {

// Looks at every ledger once a second on a thread of its own. Thread-safe.
class HeadsWorker {
 public:
  // Hears when a ledger's heads cannot be committed and, with OK, when they can again; not each
  // time in between.
  using OnChange = std::function<void(const std::string& ledger, const absl::Status& status)>;

  HeadsWorker(const commands::Ledgers& ledgers, OnChange on_change)
      : ledgers_(ledgers), on_change_(std::move(on_change)) {}
  ~HeadsWorker() { Stop(); }

  void Start();
  // Ends the thread, also while it catches up. Idempotent.
  void Stop();

  // One look: commits what is due and returns how many ledgers that were. Used by the thread and by
  // tests.
  size_t CommitDue();

 private:
  void Run();
  bool stopping() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_; }

  const commands::Ledgers& ledgers_;
  const OnChange on_change_;
  std::map<std::string, absl::Status> last_;  // by ledger; of whoever looks
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace caseledger::timers
