// Makes backups of the vault while the server runs, whenever something happened that older ones
// must not outlive, or when asked.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "eventstore/vault/backup/vault_backups.h"

namespace caseledger::eventstore {

struct VaultBackupKeeperOptions {
  Clock* clock = nullptr;  // required
  // After a failure it waits, at first so long, then twice as long each time, at most the other.
  std::chrono::milliseconds first_wait = std::chrono::seconds(1);
  std::chrono::milliseconds longest_wait = std::chrono::minutes(5);
};

// Thread-safe. One thread makes the backups, one after another. What is asked for while one is made
// is for the next one, since the vault may have been copied before.
class VaultBackupKeeper {
 public:
  struct State {
    std::optional<VaultBackupInfo> newest;  // that counts; of before the start, too
    bool due = false;                       // one is to be made, or is being made
    uint64_t tries = 0;                     // that ended since the start, well or not
    absl::Status last;                      // of the last of them, also when it left an older one
  };
  // Hears of each backup, made or not.
  using OnBackup = std::function<void(const absl::StatusOr<MadeVaultBackup>&)>;

  // Vault and folder must outlive it.
  VaultBackupKeeper(Vault& vault, BackupFolder& folder, const VaultBackupKeeperOptions& options,
                    OnBackup on_backup)
      : vault_(vault), backups_(folder), options_(options), on_backup_(std::move(on_backup)) {}
  ~VaultBackupKeeper() { Stop(); }

  // After the vault has begun with all ledgers. Begins with a backup: what made one due before may
  // have come to nothing when the program ended.
  void Start();
  // Ends the thread, and a backup under way, which leaves nothing. Idempotent.
  void Stop();

  // One is made soon; tried again until it is there.
  void BackUpSoon();
  // The same, and waits for one that was begun after the call. `go_on` is asked some times a second
  // and ends the waiting, not the backup. The errors of VaultBackups::Create; CANCELLED also when
  // it is stopped.
  absl::StatusOr<VaultBackupInfo> BackUpNow(absl::FunctionRef<bool()> go_on);

  State state() const;

 private:
  // Somebody in BackUpNow.
  struct Waiting {
    const VaultBackupKeeper& keeper;
    uint64_t asked;
    // With the keeper's mutex held.
    bool Over() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return keeper.stopping_ || keeper.ended_ >= asked;
    }
  };

  void Run();
  void Look();
  // The end of the backup that was begun when so many were asked for.
  void Ended(uint64_t asked, const absl::StatusOr<MadeVaultBackup>& made);
  bool StoppingOrAsked() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || asked_ > begun_;
  }

  Vault& vault_;
  VaultBackups backups_;  // of the thread, once it runs
  const VaultBackupKeeperOptions options_;
  const OnBackup on_backup_;

  mutable Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t asked_ ABSL_GUARDED_BY(mutex_) = 1;  // backups so far; the first by the start
  uint64_t begun_ ABSL_GUARDED_BY(mutex_) = 0;  // of these, had been asked when the last one began
  uint64_t ended_ ABSL_GUARDED_BY(mutex_) = 0;  // and when the last that ended had begun
  uint64_t made_ ABSL_GUARDED_BY(mutex_) = 0;   // and when the last that was made had begun
  uint64_t tries_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<VaultBackupInfo> newest_ ABSL_GUARDED_BY(mutex_);
  absl::Status last_ ABSL_GUARDED_BY(mutex_);
  Thread thread_;
};

}  // namespace caseledger::eventstore
