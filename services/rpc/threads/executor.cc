#include "services/rpc/threads/executor.h"

#include <algorithm>
#include <utility>

namespace caseledger::rpc {

Executor::Executor(size_t threads, size_t max_waiting)
    : max_waiting_(max_waiting), most_of_a_lane_(std::max<size_t>(1, threads - 1)) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Executor::~Executor() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Executor::Post(std::string_view name, std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (ending_ || waiting_ >= max_waiting_) return false;
    auto lane = lanes_.find(name);
    if (lane == lanes_.end()) lane = lanes_.emplace(name, Lane()).first;
    if (lane->second.waiting.size() >= std::max<size_t>(1, max_waiting_ / 2)) return false;
    lane->second.waiting.push_back(std::move(work));
    ++waiting_;
    StandInLine(lane);
  }
  changed_.notify_one();
  return true;
}

void Executor::StandInLine(Lanes::iterator lane) {
  Lane& of = lane->second;
  if (of.in_turn || of.waiting.empty() || of.running >= most_of_a_lane_) return;
  of.in_turn = true;
  turns_.push_back(lane);
}

void Executor::Done(Lanes::iterator lane) {
  --lane->second.running;
  if (lane->second.running == 0 && lane->second.waiting.empty()) {
    lanes_.erase(lane);
    return;
  }
  StandInLine(lane);
}

void Executor::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !turns_.empty() || (ending_ && waiting_ == 0); });
    if (turns_.empty()) return;
    const Lanes::iterator lane = turns_.front();
    turns_.pop_front();
    lane->second.in_turn = false;
    std::function<void()> work = std::move(lane->second.waiting.front());
    lane->second.waiting.pop_front();
    --waiting_;
    ++lane->second.running;
    StandInLine(lane);
    if (ending_ && waiting_ == 0) changed_.notify_all();
    lock.unlock();
    work();
    work = nullptr;  // lets go of what it holds before the lane's next piece begins
    lock.lock();
    Done(lane);
  }
}

}  // namespace caseledger::rpc
