// Ending a command that would go on for ever, by Ctrl-C or SIGTERM, without losing what it was
// about to say.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace caseledger::cli {

// While it lives, SIGINT and SIGTERM call `interrupted` on a thread of its own instead of ending
// the process. Create it before any other thread: threads inherit which signals are held back.
class Interrupts {
 public:
  explicit Interrupts(std::function<void()> interrupted);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Whether one of the signals came.
  bool came() const { return came_; }

 private:
  std::atomic<bool> ending_ = false;
  std::atomic<bool> came_ = false;
  std::thread thread_;
};

}  // namespace caseledger::cli
