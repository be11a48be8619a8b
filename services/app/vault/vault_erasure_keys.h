// What an erasure has to destroy, as the vault knows it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "eventstore/vault/vault.h"
#include "services/commands/erasure_keys.h"

namespace caseledger::app {

// Thread-safe. The vault must outlive it. `period`: how often wrapping keys are changed; 0: only
// when somebody asks.
class VaultErasureKeys final : public commands::ErasureKeys {
 public:
  VaultErasureKeys(eventstore::Vault& vault, std::string ledger, Micros period)
      : vault_(vault), ledger_(std::move(ledger)), period_(period) {}

  absl::StatusOr<std::vector<Hash256>> FingerprintsOf(const Uuid& person_id) override;
  absl::StatusOr<std::vector<Hash256>> FingerprintsIn(const eventstore::StreamId& record,
                                                      const std::vector<Uuid>& person_ids) override;
  absl::StatusOr<State> StateOf(const eventstore::StreamId& record) override;

 private:
  eventstore::Vault& vault_;
  const std::string ledger_;
  const Micros period_;
};

}  // namespace caseledger::app
