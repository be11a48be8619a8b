#include "services/app/monitoring/collectors.h"

namespace caseledger::app {
namespace {

constexpr double kMicros = kMicrosPerSecond;

}  // namespace

Families LogMetrics(const commands::Ledgers& ledgers) {
  auto events = GaugeFamily("caseledger_events", "Events in the ledger.");
  auto accepting = GaugeFamily("caseledger_accepting", "1 while the ledger takes commands.");
  auto waiting = GaugeFamily("caseledger_appends_waiting",
                             "Appends that the ledger took and has not answered.");
  auto most_waiting = GaugeFamily("caseledger_appends_waiting_limit",
                                  "Appends that may wait; more are refused at once.");
  auto subscribers = GaugeFamily(
      "caseledger_subscribers",
      "Who follows the ledger: clients, and workers of the server's own such as projections.");
  auto batch = HistogramFamily("caseledger_batch_events", "Events of one durable write.");
  auto commit = HistogramFamily("caseledger_commit_seconds",
                                "Time that one durable write took, its fsync included.");
  auto append = HistogramFamily("caseledger_append_seconds",
                                "Time from an append's place in the queue to its answer.");
  for (const commands::Ledger* ledger : ledgers.All()) {
    const std::string& name = ledger->parts.name;
    const eventstore::EventLog& log = *ledger->parts.log;
    const eventstore::LogStats stats = log.Stats();
    AddGauge(events, {{"ledger", name}}, static_cast<double>(log.Head().next_position));
    AddGauge(accepting, {{"ledger", name}}, log.health().ok() ? 1 : 0);
    AddGauge(waiting, {{"ledger", name}}, static_cast<double>(stats.appends_waiting));
    AddGauge(most_waiting, {{"ledger", name}}, static_cast<double>(stats.max_appends_waiting));
    AddGauge(subscribers, {{"ledger", name}, {"kind", "client"}},
             static_cast<double>(stats.client_subscribers));
    AddGauge(subscribers, {{"ledger", name}, {"kind", "worker"}},
             static_cast<double>(stats.worker_subscribers));
    AddHistogram(batch, {{"ledger", name}}, stats.batch_events);
    AddHistogram(commit, {{"ledger", name}}, stats.commit_micros, kMicros);
    AddHistogram(append, {{"ledger", name}}, stats.append_micros, kMicros);
  }
  return {events, accepting, waiting, most_waiting, subscribers, batch, commit, append};
}

}  // namespace caseledger::app
