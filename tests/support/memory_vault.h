// A vault in memory, with its wrapping key, and what seals with it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "eventstore/sealing/sealed_fact.h"
#include "eventstore/vault/keys/memory_keys.h"
#include "eventstore/vault/memory_store.h"
#include "eventstore/vault/vault.h"

namespace caseledger::testing {

class MemoryVault {
 public:
  explicit MemoryVault(Clock& clock, RandomSource& random = SystemRandom())
      : wrapping_(clock, random) {
    eventstore::VaultOptions options;
    options.clock = &clock;
    options.random = &random;
    options.spare_keys = 64;
    auto opened = eventstore::Vault::Open(store_, wrapping_, options);
    if (!opened.ok()) {
      std::fprintf(stderr, "%s\n", opened.status().ToString().c_str());
      std::abort();
    }
    vault_ = *std::move(opened);
    sealer_ = std::make_unique<eventstore::KeyedSealer>(*vault_, random);
  }

  eventstore::Vault& vault() { return *vault_; }
  eventstore::FactSealer& sealer() { return *sealer_; }

 private:
  eventstore::MemoryVaultStore store_;
  eventstore::MemoryWrappingKeys wrapping_;
  std::unique_ptr<eventstore::Vault> vault_;
  std::unique_ptr<eventstore::KeyedSealer> sealer_;
};

}  // namespace caseledger::testing
