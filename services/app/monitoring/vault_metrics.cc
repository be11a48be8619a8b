#include "eventstore/vault/rotator.h"
#include "services/app/monitoring/collectors.h"

namespace caseledger::app {
namespace {

void AddTime(Families& families, const std::string& name, const std::string& help, Micros time) {
  AddGauge(families.emplace_back(GaugeFamily(name, help)), {},
           static_cast<double>(time) / kMicrosPerSecond);
}

}  // namespace

Families VaultMetrics(VaultFiles& vault) {
  Families families;
  AddGauge(
      families.emplace_back(GaugeFamily("caseledger_vault_open",
                                        "1 when the vault is there; without it nothing personal "
                                        "is served.")),
      {}, vault.missing().ok() ? 1 : 0);
  if (vault.vault() == nullptr || vault.rotator() == nullptr) return families;
  if (const auto unfinished = vault.vault()->RotationUnfinished(); unfinished.ok()) {
    AddGauge(families.emplace_back(GaugeFamily(
                 "caseledger_vault_rotation_unfinished",
                 "1 from the beginning of a change of wrapping keys until the older ones are "
                 "destroyed; erasures are not complete until then.")),
             {}, *unfinished ? 1 : 0);
  }
  // As it last knew: asking who keeps the wrapping keys could take long.
  const eventstore::Rotator::State state = vault.rotator()->state();
  if (!state.keys.empty()) {
    AddTime(families, "caseledger_vault_newest_wrapping_key_timestamp_seconds",
            "When the newest wrapping key was made.", state.keys.back().created_at);
  }
  if (state.next_at) {
    AddTime(families, "caseledger_vault_rotation_due_timestamp_seconds",
            "When the wrapping keys are to be changed; absent when that is only done on request.",
            *state.next_at);
  }
  return families;
}

}  // namespace caseledger::app
