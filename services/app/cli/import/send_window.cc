#include "services/app/cli/import/send_window.h"

#include <algorithm>

namespace caseledger::cli {

void SendPace::OnAnswered() {
  if (++answers_ < kAnswersPerStep) return;
  answers_ = 0;
  width_ = std::min(width_ + std::max<size_t>(1, width_ / 8), kMostCommandsInFlight);
}

bool SendWindow::TryEnter() {
  const std::scoped_lock lock(mutex_);
  if (stopped_ || in_flight_ >= pace_.width()) return false;
  ++in_flight_;
  return true;
}

bool SendWindow::Enter() {
  std::unique_lock lock(mutex_);
  const bool moved =
      changed_.wait_for(lock, kStallLimit, [&] { return stopped_ || in_flight_ < pace_.width(); });
  if (!moved || stopped_) return false;
  ++in_flight_;
  return true;
}

void SendWindow::Leave(bool taken) {
  const std::scoped_lock lock(mutex_);
  if (taken) pace_.OnAnswered();
  --in_flight_;
  ++answers_;
  changed_.notify_all();
}

void SendWindow::Stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

void SendWindow::Close() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  closed_ = true;
  changed_.notify_all();
}

bool SendWindow::stopped() const {
  const std::scoped_lock lock(mutex_);
  return stopped_;
}

bool SendWindow::Drain() {
  std::unique_lock lock(mutex_);
  while (!closed_ && in_flight_ > 0) {
    const size_t before = answers_;
    const bool moved =
        changed_.wait_for(lock, kStallLimit, [&] { return closed_ || answers_ != before; });
    if (!moved) return false;
  }
  return true;
}

}  // namespace caseledger::cli
