#include "eventstore/signing/publisher.h"

#include <chrono>

namespace caseledger::eventstore {
namespace {

constexpr std::chrono::seconds kBetweenCheckpoints(1);

}  // namespace

void Publisher::Start() {
  thread_ = Thread("publisher", [this] { Run(); });
}

absl::Status Publisher::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (!thread_.joinable()) return last_;
  thread_.Join();
  SignOnce();
  return last_;
}

void Publisher::Run() {
  while (true) {
    SignOnce();
    MutexLock lock(&mutex_);
    mutex_.AwaitFor(this, &Publisher::stopping, kBetweenCheckpoints);
    if (stopping_) return;
  }
}

void Publisher::SignOnce() {
  const absl::Status status = signer_.Sign(*log_.Tree());
  if (status.ok() != last_.ok()) on_change_(status);
  last_ = status;
}

}  // namespace caseledger::eventstore
