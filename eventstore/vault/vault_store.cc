#include "eventstore/vault/vault_store.h"

#include "eventstore/base/status_macros.h"

namespace caseledger::eventstore {

absl::StatusOr<std::vector<std::optional<std::string>>> VaultStore::GetMany(
    std::span<const std::string> keys) const {
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const std::string& key : keys) {
    ASSIGN_OR_RETURN(values.emplace_back(), Get(key));
  }
  return values;
}

}  // namespace caseledger::eventstore
