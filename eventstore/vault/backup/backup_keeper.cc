#include "eventstore/vault/backup/backup_keeper.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace caseledger::eventstore {
namespace {

constexpr std::chrono::milliseconds kBetweenQuestions(100);

}  // namespace

void VaultBackupKeeper::Start() {
  Look();
  thread_ = Thread("vault-backups", [this] { Run(); });
}

void VaultBackupKeeper::Stop() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.Join();
}

void VaultBackupKeeper::BackUpSoon() {
  const MutexLock lock(&mutex_);
  ++asked_;
}

absl::StatusOr<VaultBackupInfo> VaultBackupKeeper::BackUpNow(absl::FunctionRef<bool()> go_on) {
  Waiting waiting{*this, 0};
  {
    const MutexLock lock(&mutex_);
    waiting.asked = ++asked_;
  }
  while (go_on()) {
    const MutexLock lock(&mutex_);
    mutex_.AwaitFor(&waiting, &Waiting::Over, kBetweenQuestions);
    if (made_ >= waiting.asked) return *newest_;
    if (ended_ >= waiting.asked) return last_;
    if (stopping_) break;
  }
  return absl::CancelledError("nobody waits for the backup of the vault any more");
}

VaultBackupKeeper::State VaultBackupKeeper::state() const {
  const MutexLock lock(&mutex_);
  State state;
  state.newest = newest_;
  state.due = made_ < asked_;
  state.tries = tries_;
  state.last = last_;
  return state;
}

void VaultBackupKeeper::Look() {
  const absl::StatusOr<std::vector<ListedVaultBackup>> listed = backups_.List();
  const MutexLock lock(&mutex_);
  last_ = listed.status();
  if (!listed.ok()) return;
  for (const ListedVaultBackup& backup : *listed) {
    if (backup.info.ok()) newest_ = *backup.info;
  }
}

void VaultBackupKeeper::Run() {
  const auto go_on = [this] {
    const MutexLock lock(&mutex_);
    return !stopping_;
  };
  std::chrono::milliseconds wait(0);  // after failures
  while (true) {
    uint64_t asked = 0;
    {
      const MutexLock lock(&mutex_);
      if (wait.count() > 0) {
        mutex_.AwaitFor(this, &VaultBackupKeeper::StoppingOrAsked, wait);
      } else {
        mutex_.Await(this, &VaultBackupKeeper::StoppingOrAsked);
      }
      if (stopping_) return;
      asked = begun_ = asked_;
    }
    const absl::StatusOr<MadeVaultBackup> made = backups_.Create(vault_, *options_.clock, go_on);
    if (absl::IsCancelled(made.status())) return;
    const bool good = made.ok() && made->not_removed.ok();
    wait = good ? std::chrono::milliseconds(0)
                : std::clamp(2 * wait, options_.first_wait, options_.longest_wait);
    Ended(asked, made);
    on_backup_(made);
  }
}

void VaultBackupKeeper::Ended(uint64_t asked, const absl::StatusOr<MadeVaultBackup>& made) {
  const MutexLock lock(&mutex_);
  ended_ = asked;
  ++tries_;
  last_ = made.ok() ? made->not_removed : made.status();
  if (!made.ok()) return;
  made_ = asked;
  newest_ = made->info;
}

}  // namespace caseledger::eventstore
