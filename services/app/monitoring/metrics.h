// Prometheus metrics of a server on a port of their own. Labels are ledgers, projections, fact
// names and the like: nothing about anyone.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "services/app/monitoring/families.h"
#include "services/commands/command_handler.h"
#include "services/rpc/connections/acceptor.h"

namespace caseledger::app {

// Thread-safe, but for the first three.
class Metrics final : public commands::CommandObserver {
 public:
  Metrics();
  ~Metrics() override;

  // What is read whenever Prometheus asks (collectors.h), from Listen until Stop.
  using Collect = std::function<Families()>;
  void Add(Collect collect);
  // Serves /metrics. UNAVAILABLE when the address cannot be had.
  absl::Status Listen(const std::string& address);
  // Ends that; nothing is read any more when it returns. Idempotent.
  void Stop();
  // The port served, 0 when none.
  int port() const;

  // The newest backup was complete at this time.
  void OnBackup(Micros created_at);
  // The newest backup of the vault is of this time.
  void OnVaultBackup(Micros created_at);

  void OnConnectionEnded(rpc::Ending ending);

  void OnCommand(std::string_view fact_name, absl::StatusCode code, double seconds) override;

 private:
  class Collector;

  std::vector<std::shared_ptr<Collector>> collectors_;
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& commands_;
  prometheus::Histogram& seconds_;
  prometheus::Family<prometheus::Gauge>& last_backup_;
  prometheus::Family<prometheus::Gauge>& last_vault_backup_;
  prometheus::Family<prometheus::Counter>& connections_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace caseledger::app
