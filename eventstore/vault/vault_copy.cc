// The vault as a backup sees it.
#include <optional>
#include <string>

#include "eventstore/base/status_macros.h"
#include "eventstore/vault/vault.h"
#include "eventstore/vault/vault_rows.h"

namespace caseledger::eventstore {

Uuid Vault::id() const { return Uuid::FromBytes(id_).value_or(Uuid()); }

absl::Status Vault::Purge() {
  const MutexLock files(&files_);
  return store_.Purge();
}

absl::Status Vault::Copy(absl::FunctionRef<bool(std::string_view, std::string_view)> row) {
  const MutexLock files(&files_);
  {
    // So that whoever begins with the copy reads little of the log.
    const MutexLock lock(&mutex_);
    for (auto& [ledger, state] : ledgers_) {
      RETURN_IF_ERROR(WriteMark(ledger, state, state.reached, {}));
    }
  }
  bool stopped = false;
  RETURN_IF_ERROR(store_.Visit("", [&](std::string_view key, std::string_view value) {
    stopped = !row(key, value);
    return !stopped;
  }));
  return stopped ? absl::CancelledError("copying the vault was stopped") : absl::OkStatus();
}

absl::StatusOr<bool> Vault::Continues(std::string_view row) const {
  const std::optional<std::string> given_out = VaultRows::GivenOutAs(row);
  if (!given_out.has_value() && !row.starts_with(VaultRows::AllKeys()) &&
      !row.starts_with(VaultRows::AllIndexes())) {
    return true;
  }
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, store_.Get(row));
  if (kept.has_value() || !given_out.has_value()) return kept.has_value();
  ASSIGN_OR_RETURN(const std::optional<std::string> in_use, store_.Get(*given_out));
  return in_use.has_value();
}

}  // namespace caseledger::eventstore
