// Destroys keys as the log says: follows a ledger and carries out each erasure in it. Every ledger
// has one, for it also remembers how far that was done: the next start reads the log from there.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "eventstore/log.h"
#include "eventstore/vault/vault.h"

namespace caseledger::eventstore {

// Thread-safe. An erasure that fails is tried again every second until it is done; those after it
// wait, and the next start begins with it.
class Eraser {
 public:
  // Hears of each erasure that is done how many keys were destroyed, and of each failure; without a
  // person when the log cannot be read any more, which ends it.
  using OnErasure =
      std::function<void(const StreamId& person, const absl::StatusOr<size_t>& destroyed)>;

  // Both must outlive it; the vault has begun with the log.
  Eraser(Vault& vault, std::string ledger, EventLog& log, OnErasure on_erasure)
      : vault_(vault), ledger_(std::move(ledger)), log_(log), on_erasure_(std::move(on_erasure)) {}
  ~Eraser() { Stop(); }

  // RESOURCE_EXHAUSTED when the log has too many readers.
  absl::Status Start();
  // Ends the thread. Idempotent.
  void Stop();

 private:
  void Run();
  // False when it was stopped before the erasure was done.
  bool CarryOut(const RecordedEvent& event);
  bool stopping() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_; }

  Vault& vault_;
  const std::string ledger_;
  EventLog& log_;
  const OnErasure on_erasure_;
  std::unique_ptr<Subscription> events_;
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace caseledger::eventstore
