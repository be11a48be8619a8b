// A small bounded pool for work that may block: queries and replays. Reactions never block; they
// post here. Fair between agencies: each has a lane of its own, lanes take turns, and no lane has
// all threads, so that one whose work is long or plenty holds up nobody else for longer than one
// piece of work.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
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

  // In the order of the lane. False when full or ending: the work was not taken. One lane may fill
  // half of the room.
  bool Post(std::string_view lane, std::function<void()> work);

 private:
  struct Lane {
    std::deque<std::function<void()>> waiting;
    size_t running = 0;
    bool in_turn = false;  // stands in turns_
  };
  using Lanes = std::map<std::string, Lane, std::less<>>;

  void Run();
  // All with the mutex held.
  void StandInLine(Lanes::iterator lane);
  void Done(Lanes::iterator lane);

  const size_t max_waiting_;
  const size_t most_of_a_lane_;  // running at a time
  std::mutex mutex_;
  std::condition_variable changed_;
  Lanes lanes_;                        // those with work that waits or runs
  std::deque<Lanes::iterator> turns_;  // lanes of which a piece may run, each once
  size_t waiting_ = 0;                 // pieces of work
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace caseledger::rpc
