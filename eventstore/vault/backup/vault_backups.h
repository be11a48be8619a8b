// The backups of one vault in a directory of their own: made beside the running vault, listed and
// put back without one.
//
//   NNNNNNNNNN.vault       a backup: its number in ten digits (backup_file.h)
//   NNNNNNNNNN.vault.part  one that is being made, or was when the program ended: it does not count
//
// Other files are let be.
//
// Invariants
// 1. A file has its name only when it is durable and was read back whole.
// 2. A backup is removed only for a newer one that counts, of the same vault, which knows every key
//    that it holds, or knows it as destroyed.
// 3. It holds keys wrapped, and never a wrapping key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/vault/backup/backup_file.h"
#include "eventstore/vault/backup/backup_folder.h"
#include "eventstore/vault/vault.h"
#include "eventstore/vault/vault_store.h"

namespace caseledger::eventstore {

// One backup, or why it cannot be trusted.
struct ListedVaultBackup {
  uint64_t id = 0;
  absl::StatusOr<VaultBackupInfo> info;
};

struct MadeVaultBackup {
  VaultBackupInfo info;
  std::vector<uint64_t> removed_ids;
  // OK, or why an older one is still there.
  absl::Status not_removed;
};

// Not thread-safe; one maker at a time in a directory, readers at any time.
class VaultBackups {
 public:
  // The folder must outlive it.
  explicit VaultBackups(BackupFolder& folder) : folder_(folder) {}

  // All of them by number, each read through; not what was removed meanwhile. UNAVAILABLE.
  absl::StatusOr<std::vector<ListedVaultBackup>> List() const;

  // Shows the rows of one; 0: the newest. NOT_FOUND; else as ReadVaultBackup, with its number.
  absl::StatusOr<VaultBackupInfo> Read(uint64_t id, OnVaultRow row) const;

  // Copies the vault as it is at one moment after the call began. On OK the new backup is complete,
  // durable and was read back; those before it are gone, but for what `not_removed` tells.
  //
  // FAILED_PRECONDITION  the directory has a backup of another vault, or one with keys that this
  //                      vault does not know; says what to do
  // CANCELLED            `go_on` returned false
  // UNAVAILABLE          the vault or the directory does not answer
  // DATA_LOSS            what was written does not read back
  // After an error there is no new backup, and older ones are as they were.
  absl::StatusOr<MadeVaultBackup> Create(Vault& vault, Clock& clock,
                                         absl::FunctionRef<bool()> go_on);

  // Puts all rows of one (0: the newest) into an empty store, durably, and compares them there.
  // FAILED_PRECONDITION when the store is not empty; the errors of Read. After an error the store
  // is to be thrown away.
  absl::StatusOr<VaultBackupInfo> PutInto(VaultStore& store, uint64_t id) const;

 private:
  struct Older {
    uint64_t id = 0;
    absl::Status readable;
  };

  absl::StatusOr<std::vector<uint64_t>> Ids() const;
  absl::StatusOr<VaultBackupInfo> ReadFile(const std::string& name, uint64_t id,
                                           OnVaultRow row) const;
  // What is there, each continued by the vault or unreadable.
  absl::StatusOr<std::vector<Older>> CheckOlder(const Vault& vault,
                                                absl::FunctionRef<bool()> go_on) const;
  absl::Status CheckContinued(const Vault& vault, uint64_t id,
                              absl::FunctionRef<bool()> go_on) const;
  absl::StatusOr<VaultBackupInfo> WritePart(Vault& vault, uint64_t id, Micros now,
                                            absl::FunctionRef<bool()> go_on);
  absl::Status CheckHolds(const VaultStore& store, const VaultBackupInfo& info) const;
  absl::Status RemoveParts();
  void RemoveOlder(const std::vector<Older>& older, MadeVaultBackup& made);

  BackupFolder& folder_;
};

}  // namespace caseledger::eventstore
