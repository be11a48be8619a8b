// The server's backups of the vault: where they go, and that each one is in the log and in the
// metrics.
#pragma once

#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "eventstore/vault/backup/backup_folder.h"
#include "eventstore/vault/backup/backup_keeper.h"
#include "eventstore/vault/vault.h"
#include "services/app/monitoring/metrics.h"
#include "services/app/server/options.h"

namespace caseledger::app {

// INVALID_ARGUMENT when backups of the vault would lie in what they are of, or with what must never
// be where they are: the data directory, the vault, the wrapping keys, the backups of the log.
absl::Status CheckVaultBackupPlace(const ServerOptions& options);

// Thread-safe.
class ServedVaultBackups {
 public:
  // Vault, clock and metrics must outlive it. The options name a directory.
  ServedVaultBackups(const ServerOptions& options, eventstore::Vault& vault, Clock& clock,
                     Metrics& metrics);

  // Begins, when the vault has begun with all ledgers.
  void Start();
  eventstore::VaultBackupKeeper& keeper() { return keeper_; }
  // Before older wrapping keys are destroyed: waits for a backup that does without them, but not
  // for ever, and not when it fails. Erasures wait for that destruction, and the law for them.
  void BeforeDestroying(absl::FunctionRef<bool()> go_on);

 private:
  void Tell(const absl::StatusOr<eventstore::MadeVaultBackup>& made);

  Metrics& metrics_;
  const std::unique_ptr<eventstore::BackupFolder> folder_;
  eventstore::VaultBackupKeeper keeper_;
};

}  // namespace caseledger::app
