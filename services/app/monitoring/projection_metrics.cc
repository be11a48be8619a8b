#include "services/app/monitoring/collectors.h"

namespace caseledger::app {

Families ProjectionMetrics(const commands::Ledgers& ledgers) {
  auto lag = GaugeFamily("caseledger_projection_lag_events", "Events a projection is behind.");
  auto lag_seconds = GaugeFamily("caseledger_projection_lag_seconds",
                                 "Age of the oldest event a projection does not reflect.");
  auto stopped = GaugeFamily("caseledger_projection_stopped", "1 when a projection has stopped.");
  auto reports = GaugeFamily("caseledger_standing_reports_bytes",
                             "Memory for reports that are kept up to date, about.");
  for (const commands::Ledger* ledger : ledgers.All()) {
    if (ledger->parts.reports != nullptr) {
      AddGauge(reports, {{"ledger", ledger->parts.name}},
               static_cast<double>(ledger->parts.reports->bytes()));
    }
    for (const projections::ProjectionHealth& health : ledger->parts.projections->Health()) {
      const Labels labels = {{"ledger", ledger->parts.name}, {"projection", health.name}};
      AddGauge(lag, labels, static_cast<double>(health.lag_events));
      AddGauge(lag_seconds, labels, health.lag_seconds);
      AddGauge(stopped, labels,
               health.state == projections::ProjectionHealth::State::kStopped ? 1 : 0);
    }
  }
  return {lag, lag_seconds, stopped, reports};
}

}  // namespace caseledger::app
