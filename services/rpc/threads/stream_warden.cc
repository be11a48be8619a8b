#include "services/rpc/threads/stream_warden.h"

#include <algorithm>
#include <vector>

namespace caseledger::rpc {

absl::Status SlowReader() {
  return absl::ResourceExhaustedError(
      "SLOW_READER: nothing of the stream was read for too long; begin again from where you are");
}

absl::Status StreamIsOld() {
  return absl::UnavailableError(
      "STREAM_OLD: the stream has lasted as long as it may; begin again from where you are");
}

StreamWarden::StreamWarden(const StreamLimits& limits)
    : limits_(limits), thread_([this] { Run(); }) {}

StreamWarden::~StreamWarden() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void StreamWarden::Enter(Stream* stream) {
  const std::lock_guard lock(mutex_);
  streams_.insert(stream);
}

void StreamWarden::Leave(Stream* stream) {
  const std::lock_guard lock(mutex_);
  streams_.erase(stream);
}

void StreamWarden::Run() {
  const auto pause = std::clamp<std::chrono::milliseconds>(
      limits_.slow_reader / 4, std::chrono::milliseconds(10), std::chrono::seconds(5));
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, pause, [this] { return ending_; })) {
    std::vector<Stream*> claimed;
    const SteadyTime now = std::chrono::steady_clock::now();
    for (Stream* stream : streams_) {
      if (stream->ClaimIfSlow(now, limits_.slow_reader)) claimed.push_back(stream);
    }
    lock.unlock();
    // gRPC may delete them meanwhile, and then they leave: so without the mutex.
    for (Stream* stream : claimed) stream->EndSlow();
    lock.lock();
  }
}

}  // namespace caseledger::rpc
