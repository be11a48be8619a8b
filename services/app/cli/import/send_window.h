// How many commands may be on their way to the server.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace caseledger::cli {

inline constexpr size_t kMostCommandsInFlight = 1024;
inline constexpr std::chrono::seconds kStallLimit{60};

// The width of the window follows what the server can take: half after it was too busy, wider again
// while it is not.
class SendPace {
 public:
  size_t width() const { return width_; }
  void OnBusy() { width_ = width_ > 1 ? width_ / 2 : 1; }
  // One more command got its final answer.
  void OnAnswered();

 private:
  static constexpr size_t kAnswersPerStep = 256;

  size_t width_ = kMostCommandsInFlight;
  size_t answers_ = 0;  // since the last step
};

// The commands of one stream that await their answer. Thread-safe.
class SendWindow {
 public:
  // `pace` must outlive the window and is used by it alone meanwhile.
  explicit SendWindow(SendPace& pace) : pace_(pace) {}

  // Takes a place if one is free.
  bool TryEnter();
  // Waits until a place is free and takes it. False when the window was stopped or nothing moved
  // for `kStallLimit`.
  bool Enter();
  // An answer came; `taken`: it was not that the server is too busy.
  void Leave(bool taken);

  // Lets nothing more in.
  void Stop();
  // The stream is over: nobody waits any longer.
  void Close();
  bool stopped() const;

  // Waits for the answers to everything sent. False when nothing moved for `kStallLimit`.
  bool Drain();

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  SendPace& pace_;
  size_t in_flight_ = 0;
  size_t answers_ = 0;
  bool stopped_ = false;
  bool closed_ = false;
};

}  // namespace caseledger::cli
