// Prometheus metrics of a server on a port of their own. Labels are ledgers, projections and fact
// names: nothing about anyone.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledgers.h"
#include "services/rpc/connections/acceptor.h"

namespace caseledger::app {

// Gauges read from ledgers and projections whenever Prometheus asks.
class LedgerMetrics final : public prometheus::Collectable {
 public:
  explicit LedgerMetrics(const commands::Ledgers& ledgers) : ledgers_(ledgers) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const commands::Ledgers& ledgers_;
};

// Thread-safe.
class Metrics final : public commands::CommandObserver {
 public:
  explicit Metrics(const commands::Ledgers& ledgers);

  // Serves /metrics. UNAVAILABLE when the address cannot be had.
  absl::Status Listen(const std::string& address);
  // The port served, 0 when none.
  int port() const;

  // The newest backup was complete at this time.
  void OnBackup(Micros created_at);
  // The newest backup of the vault is of this time.
  void OnVaultBackup(Micros created_at);

  void OnConnectionEnded(rpc::Ending ending);

  void OnCommand(std::string_view fact_name, absl::StatusCode code, double seconds) override;

 private:
  std::shared_ptr<LedgerMetrics> ledgers_;
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& commands_;
  prometheus::Histogram& seconds_;
  prometheus::Family<prometheus::Gauge>& last_backup_;
  prometheus::Family<prometheus::Gauge>& last_vault_backup_;
  prometheus::Family<prometheus::Counter>& connections_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace caseledger::app
