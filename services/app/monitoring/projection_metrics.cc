#include <utility>

#include "services/app/monitoring/collectors.h"

namespace caseledger::app {

using projections::Runtime;

Families ProjectionMetrics(const std::vector<LedgerHealth>& ledgers, Runtime::Ages ages) {
  auto lag = GaugeFamily("caseledger_projection_lag_events", "Events a projection is behind.");
  auto lag_seconds = GaugeFamily("caseledger_projection_lag_seconds",
                                 "Age of the oldest event a projection does not reflect.");
  auto stopped = GaugeFamily("caseledger_projection_stopped", "1 when a projection has stopped.");
  for (const LedgerHealth& ledger : ledgers) {
    for (const projections::ProjectionHealth& health : ledger.projections) {
      const Labels labels = {{"ledger", ledger.ledger}, {"projection", health.name}};
      AddGauge(lag, labels, static_cast<double>(health.lag_events));
      AddGauge(lag_seconds, labels, health.lag_seconds);
      AddGauge(stopped, labels,
               health.state == projections::ProjectionHealth::State::kStopped ? 1 : 0);
    }
  }
  if (ages == Runtime::Ages::kLeftOut) return {lag, stopped};
  return {lag, lag_seconds, stopped};
}

Families ProjectionMetrics(const commands::Ledgers& ledgers) {
  std::vector<LedgerHealth> all;
  auto reports = GaugeFamily("caseledger_standing_reports_bytes",
                             "Memory for reports that are kept up to date, about.");
  for (const commands::Ledger* ledger : ledgers.All()) {
    const commands::LedgerParts& parts = ledger->parts;
    all.push_back({parts.name, parts.projections->Health()});
    if (parts.reports == nullptr) continue;
    AddGauge(reports, {{"ledger", parts.name}}, static_cast<double>(parts.reports->bytes()));
  }
  Families families = ProjectionMetrics(all, Runtime::Ages::kMeasured);
  families.push_back(std::move(reports));
  return families;
}

}  // namespace caseledger::app
