#include "services/app/monitoring/collectors.h"

namespace caseledger::app {

Families StandbyMetrics(bool stands_by, const std::vector<LedgerHealth>& ledgers) {
  Families families;
  if (stands_by) families = ProjectionMetrics(ledgers, projections::Runtime::Ages::kLeftOut);
  AddGauge(families.emplace_back(GaugeFamily(
               "caseledger_standing_by",
               "1 while the server waits for another one that is at work on the database.")),
           {}, stands_by ? 1 : 0);
  return families;
}

Families PassingOnMetrics(int64_t connections) {
  Families families;
  AddGauge(families.emplace_back(
               GaugeFamily("caseledger_passed_on_connections",
                           "Callers' connections that this server passes on to the one at work.")),
           {}, static_cast<double>(connections));
  return families;
}

}  // namespace caseledger::app
