#include <algorithm>
#include <optional>

#include "services/app/monitoring/collectors.h"

namespace caseledger::app {
namespace {

struct CheckpointLag {
  uint64_t events = 0;
  std::optional<Micros> newest_covered_at;    // unset: nothing is covered, or it cannot be read
  std::optional<Micros> oldest_uncovered_at;  // unset: everything is covered, or likewise
};

CheckpointLag LagOf(const commands::LedgerParts& parts) {
  // Before the head, which only grows.
  const auto latest = parts.signer->Latest();
  const uint64_t covered = latest == nullptr ? 0 : latest->checkpoint.size;
  const eventstore::LedgerHead head = parts.log->Head();
  CheckpointLag lag;
  lag.events = head.next_position - covered;
  if (head.next_position == 0) return lag;
  if (lag.events == 0) {
    lag.newest_covered_at = head.last_recorded_at;
    return lag;
  }
  const auto events = parts.log->ReadLedger(covered == 0 ? 0 : covered - 1, 2);
  if (!events.ok()) return lag;
  for (const eventstore::RecordedEvent& event : *events) {
    if (event.position < covered) {
      lag.newest_covered_at = event.recorded_at;
    } else if (!lag.oldest_uncovered_at) {
      lag.oldest_uncovered_at = event.recorded_at;
    }
  }
  return lag;
}

double Seconds(Micros time) { return static_cast<double>(time) / kMicrosPerSecond; }

}  // namespace

Families CheckpointMetrics(const commands::Ledgers& ledgers, Clock& clock) {
  auto lag_events = GaugeFamily("caseledger_checkpoint_lag_events",
                                "Events that the newest published checkpoint does not cover.");
  auto lag_seconds =
      GaugeFamily("caseledger_checkpoint_lag_seconds",
                  "Age of the oldest event that the newest published checkpoint does not cover.");
  auto covered = GaugeFamily("caseledger_checkpoint_timestamp_seconds",
                             "When the newest event was recorded that the newest published "
                             "checkpoint covers; absent when there is none.");
  for (const commands::Ledger* ledger : ledgers.All()) {
    if (ledger->parts.signer == nullptr) continue;
    const Labels labels = {{"ledger", ledger->parts.name}};
    const CheckpointLag lag = LagOf(ledger->parts);
    AddGauge(lag_events, labels, static_cast<double>(lag.events));
    const Micros age = lag.oldest_uncovered_at ? clock.Now() - *lag.oldest_uncovered_at : 0;
    AddGauge(lag_seconds, labels, Seconds(std::max<Micros>(age, 0)));
    if (lag.newest_covered_at) AddGauge(covered, labels, Seconds(*lag.newest_covered_at));
  }
  return {lag_events, lag_seconds, covered};
}

}  // namespace caseledger::app
