// Changes the wrapping keys from time to time, or when asked, while the server runs. That is what
// makes an erasure complete: copies of the vault from before open nothing any more.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "eventstore/vault/vault.h"

namespace caseledger::eventstore {

struct RotatorOptions {
  static constexpr int64_t kUsualDays = 10;
  static constexpr Micros kUsualPeriod = kUsualDays * 24 * 3600 * kMicrosPerSecond;
  Clock* clock = nullptr;  // required
  // How old the newest wrapping key gets; 0: it is changed only when asked.
  Micros period = kUsualPeriod;
  // Called when nothing needs the older keys any more, before they are destroyed: for a copy of the
  // vault, so that there is always one that opens. Waits no longer than `go_on` allows.
  std::function<void(absl::FunctionRef<bool()> go_on)> before_destroying;
};

// Thread-safe. A change that was not finished is gone on with when it starts, and after a failure
// once a minute.
class Rotator {
 public:
  struct State {
    std::vector<WrappingKeyInfo> keys;  // that exist, oldest first; empty: not known
    std::optional<Micros> next_at;
    bool rotating = false;  // or about to
    RotationProgress progress;
    absl::Status last;  // of the last change, or of looking for when it is due
  };
  // Hears of each change that ended: how many keys it looked at, or why it did not come to its end.
  using OnRotation = std::function<void(const absl::StatusOr<uint64_t>& keys)>;

  // The vault must outlive it.
  Rotator(Vault& vault, const RotatorOptions& options, OnRotation on_rotation)
      : vault_(vault), options_(options), on_rotation_(std::move(on_rotation)) {}
  ~Rotator() { Stop(); }

  // After the vault has begun with all ledgers.
  void Start();
  // Ends the thread, and a change under way where it is. Idempotent.
  void Stop();

  // Begins a change soon, after the end of one that was not finished. Nothing while one runs.
  void RotateNow();

  State state() const;
  Micros period() const { return options_.period; }

 private:
  void Run();
  // What is to be done now: a new change, or the end of an old one.
  enum class Work { kNone, kRotate, kFinish };
  absl::StatusOr<Work> Due();
  absl::Status Do(Work work);
  // False when it is stopping.
  bool BeforeDestroying();
  void Look();
  bool Stopping() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_; }
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || asked_; }

  Vault& vault_;
  const RotatorOptions options_;
  const OnRotation on_rotation_;
  mutable Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool asked_ ABSL_GUARDED_BY(mutex_) = false;
  State state_ ABSL_GUARDED_BY(mutex_);
  Thread thread_;
};

}  // namespace caseledger::eventstore
