// A small bounded pool for work that may block: queries and replays. Reactions never block; they
// post here.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace caseledger::rpc {

// Thread-safe.
class Executor {
 public:
  Executor(size_t threads, size_t max_waiting);
  // Runs what was accepted, then ends the threads.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // False when full or ending: the work was not taken.
  bool Post(std::function<void()> work);

 private:
  void Run();

  const size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace caseledger::rpc
