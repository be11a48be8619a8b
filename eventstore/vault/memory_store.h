// A vault's rows in memory: for tests, and for whatever need not outlive the program.
#pragma once

#include <map>

#include "eventstore/base/mutex.h"
#include "eventstore/vault/vault_store.h"

namespace caseledger::eventstore {

class MemoryVaultStore final : public VaultStore {
 public:
  MemoryVaultStore() = default;
  // A copy of its rows, as a backup would hold them.
  MemoryVaultStore(const MemoryVaultStore& from);
  MemoryVaultStore& operator=(const MemoryVaultStore&) = delete;

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override;
  absl::Status Visit(
      std::string_view prefix,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override;
  absl::Status Write(const VaultChanges& changes, bool durable) override;
  absl::Status Purge() override { return absl::OkStatus(); }

  // What a crash of the machine may do: all writes since the last durable one are gone.
  void LoseWhatIsNotDurable();

 private:
  mutable Mutex mutex_;
  // What undoes the writes since the last durable one, newest last.
  VaultChanges undo_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string, std::less<>> rows_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::eventstore
