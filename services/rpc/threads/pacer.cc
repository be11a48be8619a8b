#include "services/rpc/threads/pacer.h"

namespace caseledger::rpc {

Pacer::Pacer() : thread_([this] { Run(); }) {}

Pacer::~Pacer() {
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Pacer::In(std::chrono::milliseconds rest, Paced* paced, const std::atomic<bool>& hurried) {
  {
    const std::lock_guard lock(mutex_);
    const Time due = ending_ || hurried ? Time::min() : std::chrono::steady_clock::now() + rest;
    due_[paced] = due;
    waiting_.emplace(due, paced);
  }
  changed_.notify_all();
}

void Pacer::Hurry(Paced* paced) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = due_.find(paced);
    if (found == due_.end()) return;
    waiting_.erase({found->second, paced});
    found->second = Time::min();
    waiting_.emplace(Time::min(), paced);
  }
  changed_.notify_all();
}

void Pacer::End() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    waiting_.clear();
    for (auto& [paced, due] : due_) {
      due = Time::min();
      waiting_.emplace(due, paced);
    }
  }
  changed_.notify_all();
}

bool Pacer::ending() const {
  const std::lock_guard lock(mutex_);
  return ending_;
}

void Pacer::Run() {
  std::unique_lock lock(mutex_);
  while (!leaving_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto [due, paced] = *waiting_.begin();
    if (due > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    waiting_.erase(waiting_.begin());
    due_.erase(paced);
    lock.unlock();
    paced->Due();
    lock.lock();
  }
}

}  // namespace caseledger::rpc
