#include "services/app/monitoring/metrics.h"

#include <prometheus/collectable.h>

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/strings.h"

namespace caseledger::app {
namespace {

const char* NameOf(rpc::Ending ending) { return ending == rpc::Ending::kCut ? "cut" : "refused"; }

}  // namespace

class Metrics::Collector final : public prometheus::Collectable {
 public:
  explicit Collector(Metrics::Collect collect) : collect_(std::move(collect)) {}
  Families Collect() const override { return collect_(); }

 private:
  const Metrics::Collect collect_;
};

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
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
                       .Register(*registry_)) {
  // From the beginning, so that the first one shows as a step.
  for (const rpc::Ending ending : {rpc::Ending::kCut, rpc::Ending::kRefused}) {
    connections_.Add({{"why", NameOf(ending)}});
  }
}

Metrics::~Metrics() { Stop(); }

void Metrics::Add(Collect collect) {
  collectors_.push_back(std::make_shared<Collector>(std::move(collect)));
  if (exposer_ != nullptr) exposer_->RegisterCollectable(collectors_.back());
}

void Metrics::OnConnectionEnded(rpc::Ending ending) {
  connections_.Add({{"why", NameOf(ending)}}).Increment();
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
  for (const auto& collector : collectors_) exposer_->RegisterCollectable(collector);
  exposer_->RegisterCollectable(registry_);
  return absl::OkStatus();
}

void Metrics::Stop() { exposer_.reset(); }

int Metrics::port() const {
  return exposer_ == nullptr ? 0 : exposer_->GetListeningPorts().front();
}

void Metrics::OnCommand(std::string_view fact_name, absl::StatusCode code, double seconds) {
  commands_.Add({{"fact", std::string(fact_name)}, {"code", absl::StatusCodeToString(code)}})
      .Increment();
  seconds_.Observe(seconds);
}

}  // namespace caseledger::app
