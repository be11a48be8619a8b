#include "eventstore/vault/eraser.h"

#include <chrono>

#include "absl/time/time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/vault/vault_records.h"

namespace caseledger::eventstore {
namespace {

constexpr absl::Duration kWait = absl::Seconds(1);
constexpr std::chrono::seconds kBetweenTries(1);
constexpr uint64_t kRememberEvery = 65536;  // events

}  // namespace

absl::Status Eraser::Start() {
  ASSIGN_OR_RETURN(events_, log_.Subscribe(log_.Head().next_position, SubscriberKind::kWorker));
  thread_ = Thread("eraser", [this] { Run(); });
  return absl::OkStatus();
}

void Eraser::Stop() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (events_ != nullptr) events_->Cancel();
  if (thread_.joinable()) thread_.Join();
}

void Eraser::Run() {
  uint64_t remembered = log_.Head().next_position;
  while (true) {
    const absl::StatusOr<Subscription::Delivery> delivery = events_->Next(kWait);
    if (absl::IsDeadlineExceeded(delivery.status())) continue;
    if (absl::IsCancelled(delivery.status())) return;
    if (absl::IsUnavailable(delivery.status())) {
      // A database that is away. The subscription stands where it stood.
      const MutexLock lock(&mutex_);
      mutex_.AwaitFor(this, &Eraser::stopping, kBetweenTries);
      if (stopping_) return;
      continue;
    }
    if (!delivery.ok()) return on_erasure_({}, delivery.status());
    bool erased = false;
    for (const RecordedEvent& event : delivery->events) {
      if (!IsErasure(event)) continue;
      if (!CarryOut(event)) return;
      erased = true;
    }
    if (!erased && delivery->next_position < remembered + kRememberEvery) continue;
    remembered = delivery->next_position;
    // Else the next start reads more.
    vault_.ErasedUntil(ledger_, remembered).IgnoreError();
  }
}

bool Eraser::CarryOut(const RecordedEvent& event) {
  while (true) {
    const absl::StatusOr<size_t> destroyed = vault_.CarryOut(ledger_, event);
    on_erasure_(event.stream, destroyed);
    if (destroyed.ok()) return true;
    const MutexLock lock(&mutex_);
    mutex_.AwaitFor(this, &Eraser::stopping, kBetweenTries);
    if (stopping_) return false;
  }
}

}  // namespace caseledger::eventstore
