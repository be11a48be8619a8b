// Runs the real threads of the real code one at a time; a seed says which goes on at every lock,
// and how time passes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/base/scheduler.h"
#include "tests/simulation/random.h"

namespace caseledger::simulation {

// Invariants
// 1. One thread holds the baton; only it touches the scheduler's state, so nothing depends on the
//    machine: the same seed gives the same steps.
// 2. Time stands still while a thread runs. It passes a little at each step, and far when nobody
//    can run but those who wait for a time, or when the seed says so (a machine that hung).
//
// When all threads wait and none for a time, or when they go round for ever, it says who waits and
// aborts: there is no way on.
class SeededScheduler final : public Scheduler {
 public:
  struct Options {
    uint64_t seed = 0;
    std::string title;         // printed before bad news: how to replay it
    bool print_trace = false;  // every step and note, as it happens
    uint64_t max_steps = 5'000'000;
  };

  explicit SeededScheduler(const Options& options);

  // Runs `body` as the first thread and returns when it has. All threads that it started must have
  // been joined by then.
  void Run(const std::string& name, const std::function<void()>& body);

  // Of the running thread.
  void Sleep(Micros time);
  // A line of the trace.
  void Note(std::string_view text);

  // Depends on every step and note so far.
  uint64_t trace_hash() const { return trace_hash_; }
  uint64_t steps() const { return steps_; }
  // The newest lines of the trace.
  std::string RecentTrace() const;

  void Yield() override;
  bool Wait(const void* address, std::optional<Micros> timeout) override;
  void Wake(const void* address) override;
  ThreadId Register(const std::string& name) override;
  void Begin(ThreadId thread) override;
  void End(ThreadId thread) override;
  void AwaitEnd(ThreadId thread) override;
  Micros MonotonicNow() override { return now_; }

 private:
  enum class State { kRunnable, kWaiting, kEnded };
  enum class Step : uint8_t { kRegister, kYield, kWait, kEnd };
  struct ThreadState {
    std::string name;
    State state = State::kRunnable;
    const void* waits_for = nullptr;
    std::optional<Micros> until;  // while waiting
    bool timed_out = false;
    uint64_t weight = 1;  // how likely it is chosen
    std::condition_variable chosen;
  };

  // Lets the seed choose who goes on; returns when the calling thread is chosen again.
  void SwitchFrom(ThreadState& self);
  ThreadState& Choose();
  void PassTime();
  // Those whose time has come can run.
  void WakeDue();
  std::optional<Micros> EarliestTime() const;
  void GiveBatonTo(ThreadState& next);
  void AwaitBaton(ThreadState& self);
  void Count(Step step);
  void Mix(uint64_t value);
  void AddLine(std::string line);
  [[noreturn]] void Abort(const std::string& why) const;

  const Options options_;
  Random random_;
  uint64_t stickiness_;  // of 100: how often the same thread goes on
  uint64_t hang_one_in_;
  Micros now_ = 0;
  uint64_t steps_ = 0;
  uint64_t trace_hash_ = 14'695'981'039'346'656'037u;
  std::deque<std::string> recent_lines_;
  std::vector<std::unique_ptr<ThreadState>> threads_;
  ThreadState* running_ = nullptr;  // as of the one that runs

  std::mutex baton_mutex_;
  ThreadState* baton_ = nullptr;  // who may run; under baton_mutex_
};

}  // namespace caseledger::simulation
