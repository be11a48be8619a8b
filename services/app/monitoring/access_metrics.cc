#include "services/app/monitoring/collectors.h"

namespace caseledger::app {

Families AccessMetrics(const commands::Ledgers& ledgers,
                       const access::Authenticator& authenticator) {
  auto denials = CounterFamily("caseledger_denials_total",
                               "Refusals that were put on the ledger's access trail, by reason.");
  for (const commands::Ledger* ledger : ledgers.All()) {
    if (ledger->parts.trail == nullptr) continue;
    for (const auto& [reason, count] : ledger->parts.trail->denials().Read()) {
      AddCounter(denials, {{"ledger", ledger->parts.name}, {"reason", reason}},
                 static_cast<double>(count));
    }
  }
  auto callers = CounterFamily("caseledger_callers_refused_total",
                               "Calls refused because it was not clear who calls, by reason.");
  for (const auto& [reason, count] : authenticator.refused().Read()) {
    AddCounter(callers, {{"reason", reason}}, static_cast<double>(count));
  }
  return {denials, callers};
}

}  // namespace caseledger::app
