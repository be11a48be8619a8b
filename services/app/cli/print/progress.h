// Shows that work goes on: a bar on a terminal, a line every few seconds elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>

namespace caseledger::cli {

// Writes to standard error, so that standard output stays for results. Not thread-safe.
class Progress {
 public:
  Progress(std::string label, size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance(size_t count = 1);
  // For work whose total is only estimated at first; `done` never goes down.
  void AdvanceTo(size_t done, size_t total);
  // Shows the last state and ends the line. Further calls do nothing.
  void Finish();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  void Show(TimePoint now);

  const std::string label_;
  size_t total_;
  const bool terminal_;
  const TimePoint begun_;
  TimePoint shown_;
  size_t done_ = 0;
  bool finished_ = false;
};

// Work in phases: a bar for each, begun when its label is first shown. Not thread-safe.
class PhaseProgress {
 public:
  void Show(const std::string& label, size_t done, size_t total);
  // Ends the line, if one was begun.
  void Finish() { bar_.reset(); }

 private:
  std::string label_;
  std::optional<Progress> bar_;
};

}  // namespace caseledger::cli
