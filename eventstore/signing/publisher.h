// Publishes a ledger's checkpoints: every second in which it grew, and at the end.
#pragma once

#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "eventstore/log.h"
#include "eventstore/signing/signer.h"

namespace caseledger::eventstore {

// Its methods are for one thread, but for PublishNow; `on_failure` is called by its own.
class Publisher {
 public:
  // Hears when signing fails and, with OK, when it works again; not each time in between.
  using OnChange = std::function<void(const absl::Status& status)>;

  // Log and signer must outlive it.
  Publisher(const EventLog& log, Signer& signer, OnChange on_change)
      : log_(log), signer_(signer), on_change_(std::move(on_change)) {}
  ~Publisher() { Stop().IgnoreError(); }

  void Start();
  // Signs what the log has now, without waiting for the next second. Any thread.
  absl::Status PublishNow() { return signer_.Sign(*log_.Tree()); }
  // Signs what the log has now, which should be closed, and ends the thread. Idempotent. The status
  // of that last signing.
  absl::Status Stop();

 private:
  void Run();
  void SignOnce();
  bool stopping() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_; }

  const EventLog& log_;
  Signer& signer_;
  const OnChange on_change_;
  absl::Status last_;  // of the thread; of Stop after that
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace caseledger::eventstore
