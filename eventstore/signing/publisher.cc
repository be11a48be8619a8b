#include "eventstore/signing/publisher.h"

#include <chrono>

#include "eventstore/base/status_macros.h"

namespace caseledger::eventstore {
namespace {

constexpr std::chrono::seconds kBetweenCheckpoints(1);

}  // namespace

void Publisher::Start() {
  signing_thread_ = Thread("publisher", [this] { Run(); });
  if (signer_.has_witnesses()) cosigning_thread_ = Thread("cosigning", [this] { RunCosigning(); });
}

absl::Status Publisher::PublishNow() {
  RETURN_IF_ERROR(signer_.Sign(*log_.Tree()));
  // What the witnesses say is heard by whoever asks for the published checkpoint.
  if (signer_.needs_witnesses()) signer_.Cosign().IgnoreError();
  return absl::OkStatus();
}

absl::Status Publisher::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (!signing_thread_.joinable()) return last_signing_;
  signing_thread_.Join();
  if (cosigning_thread_.joinable()) cosigning_thread_.Join();
  SignOnce();
  CosignOnce();
  return last_signing_;
}

void Publisher::Run() {
  while (true) {
    SignOnce();
    MutexLock lock(&mutex_);
    signed_ = true;
    mutex_.AwaitFor(this, &Publisher::stopping, kBetweenCheckpoints);
    if (stopping_) return;
  }
}

void Publisher::RunCosigning() {
  while (true) {
    {
      MutexLock lock(&mutex_);
      mutex_.Await(this, &Publisher::must_cosign);
      if (stopping_) return;
      signed_ = false;
    }
    CosignOnce();
  }
}

void Publisher::SignOnce() {
  const absl::Status status = signer_.Sign(*log_.Tree());
  if (status.ok() != last_signing_.ok()) on_signing_(status);
  last_signing_ = status;
}

void Publisher::CosignOnce() {
  const absl::Status status = signer_.Cosign();
  if (status.ok() != last_cosigning_.ok() && on_cosigning_) on_cosigning_(status);
  last_cosigning_ = status;
}

}  // namespace caseledger::eventstore
