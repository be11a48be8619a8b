// Puts a backup of the vault back where a server will look for it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/vault/backup/vault_backups.h"

namespace caseledger::eventstore {

// Puts one backup (`id` 0: the newest) into a new vault at `path`. It is made at `path` +
// ".restoring", compared with the backup there, made durable and then put in place: until then
// there is no vault at `path`.
//
// FAILED_PRECONDITION  something is at `path` already, or a restore was interrupted or is under
// way;
//                      says what to do
// UNAVAILABLE          the storage did not answer
// else                 as VaultBackups::Read
absl::StatusOr<VaultBackupInfo> RestoreRocksDbVault(const VaultBackups& backups, uint64_t id,
                                                    const std::string& path);

}  // namespace caseledger::eventstore
