#include "services/app/cli/print/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace caseledger::cli {
namespace {

constexpr std::chrono::milliseconds kTerminalPause{100};
constexpr std::chrono::seconds kLinePause{3};
constexpr size_t kBarWidth = 30;
// In less time a rate says nothing.
constexpr double kLeastSeconds = 0.01;

}  // namespace

Progress::Progress(std::string label, size_t total)
    : label_(std::move(label)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      begun_(std::chrono::steady_clock::now()),
      shown_(begun_) {}

Progress::~Progress() { Finish(); }

void Progress::Advance(size_t count) {
  done_ += count;
  const TimePoint now = std::chrono::steady_clock::now();
  if (now - shown_ < (terminal_ ? std::chrono::milliseconds(kTerminalPause) : kLinePause)) return;
  shown_ = now;
  Show(now);
}

void Progress::AdvanceTo(size_t done, size_t total) {
  total_ = total;
  Advance(done - std::min(done, done_));
}

void Progress::Finish() {
  if (finished_) return;
  finished_ = true;
  Show(std::chrono::steady_clock::now());
  if (terminal_) fmt::print(stderr, "\n");
}

void PhaseProgress::Show(const std::string& label, size_t done, size_t total) {
  if (!bar_ || label != label_) {
    bar_.emplace(label, total);
    label_ = label;
  }
  bar_->AdvanceTo(done, total);
}

void Progress::Show(TimePoint now) {
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  const std::string rate =
      seconds < kLeastSeconds ? "" : fmt::format("{:.0f}/s", static_cast<double>(done_) / seconds);
  const size_t parts = total_ == 0 ? kBarWidth : std::min(done_, total_) * kBarWidth / total_;
  if (terminal_) {
    fmt::print(stderr, "\r{} [{:<{}}] {}/{}  {} ", label_, std::string(parts, '#'), kBarWidth,
               done_, total_, rate);
    std::fflush(stderr);
  } else {
    fmt::print(stderr, "{} {}/{}{}{}\n", label_, done_, total_, rate.empty() ? "" : ", ", rate);
  }
}

}  // namespace caseledger::cli
