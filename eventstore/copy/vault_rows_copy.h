// The rows of a vault copied to another store, keys wrapped as they are: the copy is the same vault
// and needs the same wrapping keys. Offline, as ledgers_copy.h.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/vault/vault_store.h"

namespace caseledger::eventstore {

// Hears how many rows are done; false ends it with CANCELLED. May be empty.
using OnVaultRows = std::function<bool(uint64_t rows)>;

// That the vault in `from` may be copied to `to`, which has none or the same: NOT_FOUND and
// ALREADY_EXISTS as below.
absl::Status CheckMayCopyVault(const VaultStore& from, const VaultStore& to);

// Makes the rows of `to` those of `from`, and tells how many they are; run again it does the same.
// Others in `to` are removed: of an earlier run, for keys that were destroyed since. What was
// removed by this run or an earlier one is in no file of `to` when it returns OK.
//
// NOT_FOUND            there is no vault to copy
// ALREADY_EXISTS       the other store has another vault
// as the stores        UNAVAILABLE, DATA_LOSS
absl::StatusOr<uint64_t> CopyVaultRows(const VaultStore& from, VaultStore& to,
                                       const OnVaultRows& on_rows);

// OK when both have the same rows; else DATA_LOSS.
absl::Status CheckSameVaultRows(const VaultStore& from, const VaultStore& to);

}  // namespace caseledger::eventstore
