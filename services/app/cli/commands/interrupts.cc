#include "services/app/cli/commands/interrupts.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace caseledger::cli {
namespace {

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Interrupts::Interrupts(std::function<void()> interrupted) {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this, signals, interrupted = std::move(interrupted)] {
    int signal = 0;
    sigwait(&signals, &signal);
    if (ending_) return;
    came_ = true;
    interrupted();
  });
}

Interrupts::~Interrupts() {
  ending_ = true;
  if (!came_) pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace caseledger::cli
