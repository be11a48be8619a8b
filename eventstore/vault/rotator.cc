#include "eventstore/vault/rotator.h"

#include <chrono>
#include <utility>

#include "eventstore/base/status_macros.h"

namespace caseledger::eventstore {
namespace {

constexpr std::chrono::seconds kBetweenLooks(1);
constexpr std::chrono::minutes kAfterAFailure(1);

}  // namespace

void Rotator::Start() {
  Look();
  thread_ = Thread("rotator", [this] { Run(); });
}

void Rotator::Stop() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.Join();
}

void Rotator::RotateNow() {
  const MutexLock lock(&mutex_);
  if (state_.rotating) return;
  asked_ = true;
  state_.rotating = true;
  state_.progress = {};
}

Rotator::State Rotator::state() const {
  const MutexLock lock(&mutex_);
  return state_;
}

void Rotator::Run() {
  while (true) {
    const absl::StatusOr<Work> work = Due();
    const absl::Status done = work.ok() ? Do(*work) : work.status();
    const MutexLock lock(&mutex_);
    if (stopping_) return;
    state_.last = done;
    if (done.ok()) {
      mutex_.AwaitFor(this, &Rotator::HasWork, kBetweenLooks);
    } else {
      mutex_.AwaitFor(this, &Rotator::Stopping, kAfterAFailure);
    }
    if (stopping_) return;
  }
}

absl::StatusOr<Rotator::Work> Rotator::Due() {
  ASSIGN_OR_RETURN(const bool unfinished, vault_.RotationUnfinished());
  // Not another one on top: the one that was begun makes an end of the older keys.
  if (unfinished) return Work::kFinish;
  const MutexLock lock(&mutex_);
  const bool asked = std::exchange(asked_, false);
  const bool due = state_.next_at.has_value() && *state_.next_at <= options_.clock->Now();
  return asked || due ? Work::kRotate : Work::kNone;
}

absl::Status Rotator::Do(Work work) {
  if (work == Work::kNone) {
    const MutexLock lock(&mutex_);
    if (!asked_) state_.rotating = false;
    return absl::OkStatus();
  }
  const auto progress = [this](const RotationProgress& now) {
    const MutexLock lock(&mutex_);
    state_.progress = now;
    return !stopping_;
  };
  {
    const MutexLock lock(&mutex_);
    state_.rotating = true;
    state_.progress = {};
  }
  const auto before = [this] { return BeforeDestroying(); };
  const absl::Status done = work == Work::kRotate ? vault_.Rotate(progress, before)
                                                  : vault_.FinishRotation(progress, before);
  Look();
  uint64_t keys = 0;
  {
    const MutexLock lock(&mutex_);
    if (!asked_) state_.rotating = false;
    keys = state_.progress.total;
  }
  if (absl::IsCancelled(done)) return absl::OkStatus();  // goes on at the next start
  if (done.ok()) {
    on_rotation_(keys);
  } else {
    on_rotation_(done);
  }
  return done;
}

bool Rotator::BeforeDestroying() {
  const auto go_on = [this] {
    const MutexLock lock(&mutex_);
    return !stopping_;
  };
  if (options_.before_destroying != nullptr) options_.before_destroying(go_on);
  return go_on();
}

void Rotator::Look() {
  absl::StatusOr<std::vector<WrappingKeyInfo>> keys = vault_.ListWrappingKeys();
  const MutexLock lock(&mutex_);
  if (!keys.ok() || keys->empty()) {
    state_.last = keys.status();
    return;
  }
  if (options_.period > 0) state_.next_at = keys->back().created_at + options_.period;
  state_.keys = *std::move(keys);
}

}  // namespace caseledger::eventstore
