// Publishes a ledger's checkpoints: every second in which it grew, and at the end.
#pragma once

#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "eventstore/log.h"
#include "eventstore/signing/signer.h"

namespace caseledger::eventstore {

// Signs on one thread and has cosigned on another, so that no witness delays a signature.
//
// Its methods are for one thread, but for PublishNow; the callbacks are called by its own.
class Publisher {
 public:
  // Hears of trouble and, with OK, of its end; not each time in between.
  using OnChange = std::function<void(const absl::Status& status)>;

  // `on_signing` is about signing, `on_cosigning` about too few cosignatures to publish. Log and
  // signer must outlive it.
  Publisher(const EventLog& log, Signer& signer, OnChange on_signing, OnChange on_cosigning = {})
      : log_(log),
        signer_(signer),
        on_signing_(std::move(on_signing)),
        on_cosigning_(std::move(on_cosigning)) {}
  ~Publisher() { Stop().IgnoreError(); }

  void Start();
  // Signs what the log has now, without waiting for the next second, and has it cosigned when it
  // cannot be published otherwise. Whether it is published then, Signer::Latest says. Any thread.
  absl::Status PublishNow();
  // Signs what the log has now, which should be closed, has it cosigned once more, and ends the
  // threads. Idempotent. The status of that last signing.
  absl::Status Stop();

 private:
  void Run();
  void RunCosigning();
  void SignOnce();
  void CosignOnce();
  bool stopping() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_; }
  bool must_cosign() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || signed_; }

  const EventLog& log_;
  Signer& signer_;
  const OnChange on_signing_;
  const OnChange on_cosigning_;
  absl::Status last_signing_;    // of its thread; of Stop after that
  absl::Status last_cosigning_;  // likewise
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool signed_ ABSL_GUARDED_BY(mutex_) = false;  // since witnesses were last asked
  Thread signing_thread_;
  Thread cosigning_thread_;
};

}  // namespace caseledger::eventstore
