#include "services/app/server/metrics.h"

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/strings.h"

namespace caseledger::app {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

prometheus::MetricFamily GaugeFamily(const std::string& name, const std::string& help) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = prometheus::MetricType::Gauge;
  return family;
}

void AddGauge(prometheus::MetricFamily& family, const Labels& labels, double value) {
  prometheus::ClientMetric metric;
  for (const auto& [name, text] : labels) metric.label.push_back({name, text});
  metric.gauge.value = value;
  family.metric.push_back(std::move(metric));
}

}  // namespace

std::vector<prometheus::MetricFamily> LedgerMetrics::Collect() const {
  auto events = GaugeFamily("caseledger_events", "Events in the ledger.");
  auto accepting = GaugeFamily("caseledger_accepting", "1 while the ledger takes commands.");
  auto lag = GaugeFamily("caseledger_projection_lag_events", "Events a projection is behind.");
  auto lag_seconds = GaugeFamily("caseledger_projection_lag_seconds",
                                 "Age of the oldest event a projection does not reflect.");
  auto stopped = GaugeFamily("caseledger_projection_stopped", "1 when a projection has stopped.");
  for (const commands::Ledger* ledger : ledgers_.All()) {
    const std::string& name = ledger->parts.name;
    AddGauge(events, {{"ledger", name}},
             static_cast<double>(ledger->parts.log->Head().next_position));
    AddGauge(accepting, {{"ledger", name}}, ledger->parts.log->health().ok() ? 1 : 0);
    for (const projections::ProjectionHealth& health : ledger->parts.projections->Health()) {
      const Labels labels = {{"ledger", name}, {"projection", health.name}};
      AddGauge(lag, labels, static_cast<double>(health.lag_events));
      AddGauge(lag_seconds, labels, health.lag_seconds);
      AddGauge(stopped, labels,
               health.state == projections::ProjectionHealth::State::kStopped ? 1 : 0);
    }
  }
  return {events, accepting, lag, lag_seconds, stopped};
}

Metrics::Metrics(const commands::Ledgers& ledgers)
    : ledgers_(std::make_shared<LedgerMetrics>(ledgers)),
      registry_(std::make_shared<prometheus::Registry>()),
      commands_(prometheus::BuildCounter()
                    .Name("caseledger_commands_total")
                    .Help("Commands answered, by fact and status code.")
                    .Register(*registry_)),
      seconds_(
          prometheus::BuildHistogram()
              .Name("caseledger_command_seconds")
              .Help("Time from a command's arrival to its durable answer.")
              .Register(*registry_)
              .Add({}, prometheus::Histogram::BucketBoundaries{0.0005, 0.001, 0.002, 0.005, 0.01,
                                                               0.02, 0.05, 0.1, 0.5, 1, 5})),
      last_backup_(prometheus::BuildGauge()
                       .Name("caseledger_last_backup_timestamp_seconds")
                       .Help("When the newest backup was complete; absent when there is none.")
                       .Register(*registry_)),
      last_vault_backup_(
          prometheus::BuildGauge()
              .Name("caseledger_last_vault_backup_timestamp_seconds")
              .Help("Of when the newest backup of the vault is; absent when there is none.")
              .Register(*registry_)),
      connections_(prometheus::BuildCounter()
                       .Name("caseledger_connections_ended_total")
                       .Help("Connections refused at their beginning, and cut because more came "
                             "in than may.")
                       .Register(*registry_)) {}

void Metrics::OnConnectionEnded(rpc::Ending ending) {
  connections_.Add({{"why", ending == rpc::Ending::kCut ? "cut" : "refused"}}).Increment();
}

void Metrics::OnBackup(Micros created_at) {
  last_backup_.Add({}).Set(static_cast<double>(created_at) / kMicrosPerSecond);
}

void Metrics::OnVaultBackup(Micros created_at) {
  last_vault_backup_.Add({}).Set(static_cast<double>(created_at) / kMicrosPerSecond);
}

absl::Status Metrics::Listen(const std::string& address) {
  try {
    exposer_ = std::make_unique<prometheus::Exposer>(address, 1);
  } catch (const std::exception&) {  // the library reports a taken port only so
    return absl::UnavailableError(StrCat("cannot serve metrics on ", address,
                                         ": is another server running there? --metrics-listen "
                                         "chooses another address, or `none`"));
  }
  exposer_->RegisterCollectable(ledgers_);
  exposer_->RegisterCollectable(registry_);
  return absl::OkStatus();
}

int Metrics::port() const {
  return exposer_ == nullptr ? 0 : exposer_->GetListeningPorts().front();
}

void Metrics::OnCommand(std::string_view fact_name, absl::StatusCode code, double seconds) {
  commands_.Add({{"fact", std::string(fact_name)}, {"code", absl::StatusCodeToString(code)}})
      .Increment();
  seconds_.Observe(seconds);
}

}  // namespace caseledger::app
