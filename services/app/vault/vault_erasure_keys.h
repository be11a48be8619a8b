// What an erasure has to destroy, as the vault knows it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "eventstore/vault/vault.h"
#include "services/commands/erasure_keys.h"

namespace caseledger::app {

// Thread-safe. The vault must outlive it.
class VaultErasureKeys final : public commands::ErasureKeys {
 public:
  VaultErasureKeys(const eventstore::Vault& vault, std::string ledger)
      : vault_(vault), ledger_(std::move(ledger)) {}

  absl::StatusOr<std::vector<Hash256>> FingerprintsOf(const Uuid& person_id) override;

 private:
  const eventstore::Vault& vault_;
  const std::string ledger_;
};

}  // namespace caseledger::app
