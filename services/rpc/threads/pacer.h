// Wakes streams when their time has come: one thread for all of them, instead of one each that
// sleeps.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace caseledger::rpc {

// Thread-safe.
class Pacer {
 public:
  class Paced {
   public:
    virtual ~Paced() = default;
    // Its time has come; called on the pacer's thread, without its lock. Must not block; may call
    // the pacer, and may delete itself.
    virtual void Due() = 0;
  };

  Pacer();
  // Nobody may be waiting.
  ~Pacer();
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  // Calls `paced->Due()` once after so long; at once when the pacer is ending, or when `hurried` is
  // true by then. Must not be waiting already, and must not be deleted while it waits. Whoever
  // calls this touches `paced` no more.
  void In(std::chrono::milliseconds rest, Paced* paced, const std::atomic<bool>& hurried);
  // Its time has come now, if it waits. Who is to be hurried also when it is about to wait sets its
  // `hurried` before.
  void Hurry(Paced* paced);

  // From now on nobody waits: everybody's time has come.
  void End();
  bool ending() const;

 private:
  using Time = std::chrono::steady_clock::time_point;

  void Run();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::pair<Time, Paced*>> waiting_;
  std::map<Paced*, Time> due_;  // of those waiting
  bool ending_ = false;
  bool leaving_ = false;
  std::thread thread_;
};

}  // namespace caseledger::rpc
