// Rows of a vault elsewhere, for tests that change what one call does.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/vault/vault_store.h"

namespace caseledger::testing {

// Hands every call on. As thread-safe as `rows`, which must outlive it.
class ForwardingVaultStore : public eventstore::VaultStore {
 public:
  explicit ForwardingVaultStore(eventstore::VaultStore& rows) : rows_(rows) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    return rows_.Get(key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string> keys) const override {
    return rows_.GetMany(keys);
  }
  absl::Status Visit(
      std::string_view prefix,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    return rows_.Visit(prefix, visit);
  }
  absl::Status Write(const eventstore::VaultChanges& changes, bool durable) override {
    return rows_.Write(changes, durable);
  }
  absl::Status Purge() override { return rows_.Purge(); }

 private:
  eventstore::VaultStore& rows_;
};

}  // namespace caseledger::testing
