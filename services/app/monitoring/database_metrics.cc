#include "services/app/monitoring/collectors.h"

namespace caseledger::app {

Families DatabaseMetrics(const eventstore::PostgresPageCounts& pages) {
  Families families;
  prometheus::MetricFamily& read = families.emplace_back(CounterFamily(
      "caseledger_database_pages_total",
      "Pages of events read from the database, by where they came from: counted while --read-dsn "
      "names a second place."));
  AddCounter(read, {{"place", "standby"}}, static_cast<double>(pages.standby));
  AddCounter(read, {{"place", "primary"}}, static_cast<double>(pages.primary));
  return families;
}

}  // namespace caseledger::app
