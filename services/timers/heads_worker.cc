#include "services/timers/heads_worker.h"

#include <chrono>

namespace caseledger::timers {
namespace {

constexpr std::chrono::seconds kBetweenLooks(1);

}  // namespace

void HeadsWorker::Start() {
  thread_ = Thread("heads", [this] { Run(); });
}

void HeadsWorker::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (commands::Ledger* ledger : ledgers_.All()) {
    if (ledger->parts.heads != nullptr) ledger->parts.heads->Stop();
  }
  if (thread_.joinable()) thread_.Join();
}

void HeadsWorker::Run() {
  while (true) {
    CommitDue();
    MutexLock lock(&mutex_);
    mutex_.AwaitFor(this, &HeadsWorker::stopping, kBetweenLooks);
    if (stopping_) return;
  }
}

size_t HeadsWorker::CommitDue() {
  size_t committed = 0;
  for (commands::Ledger* ledger : ledgers_.All()) {
    commands::HeadsKeeper* heads = ledger->parts.heads.get();
    if (heads == nullptr || !heads->IsDue()) continue;
    const absl::Status status = heads->Commit().status();
    if (status.ok()) ++committed;
    absl::Status& last = last_[ledger->parts.name];
    if (status.ok() != last.ok() && !absl::IsCancelled(status))
      on_change_(ledger->parts.name, status);
    last = status;
  }
  return committed;
}

}  // namespace caseledger::timers
