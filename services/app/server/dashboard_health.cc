#include "services/app/server/dashboard_health.h"

#include <chrono>
#include <utility>

#include "eventstore/base/strings.h"
#include "projections/runtime/runtime.h"

namespace caseledger::app {
namespace {

using projections::ProjectionHealth;
using State = ProjectionHealth::State;

constexpr std::chrono::seconds kBetweenLooks(1);

std::string TroubleOf(const ProjectionHealth& health, double most_lag_seconds) {
  switch (health.state) {
    case State::kStopped:
      return StrCat("stopped at position ", health.stopped_at_position);
    case State::kPaused:
      return "paused";
    case State::kDropped:
      return "dropped";
    case State::kCatchingUp:
    case State::kLive:
    case State::kRebuilding:
      break;
  }
  if (health.lag_seconds <= most_lag_seconds) return "";
  return StrCat(static_cast<int64_t>(health.lag_seconds), " seconds behind");
}

}  // namespace

std::string DashboardTrouble(const commands::Ledgers& ledgers, double most_lag_seconds) {
  for (const commands::Ledger* ledger : ledgers.All()) {
    for (const ProjectionHealth& health : ledger->parts.projections->Health()) {
      const std::string trouble = TroubleOf(health, most_lag_seconds);
      if (!trouble.empty()) return StrCat(ledger->parts.name, "/", health.name, ": ", trouble);
    }
  }
  return "";
}

void DashboardHealth::Start() {
  thread_ = Thread("dashboard-health", [this] { Run(); });
}

void DashboardHealth::Stop() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.Join();
}

void DashboardHealth::Run() {
  bool serving = true;
  while (true) {
    const std::string trouble = DashboardTrouble(ledgers_, most_lag_seconds_);
    if (trouble.empty() != serving) {
      serving = trouble.empty();
      on_change_(serving, trouble);
    }
    const MutexLock lock(&mutex_);
    mutex_.AwaitFor(this, &DashboardHealth::stopping, kBetweenLooks);
    if (stopping_) return;
  }
}

}  // namespace caseledger::app
