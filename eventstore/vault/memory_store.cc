#include "eventstore/vault/memory_store.h"

namespace caseledger::eventstore {

MemoryVaultStore::MemoryVaultStore(const MemoryVaultStore& from) : VaultStore() {
  const MutexLock from_lock(&from.mutex_);
  const MutexLock lock(&mutex_);
  rows_ = from.rows_;
}

absl::StatusOr<std::optional<std::string>> MemoryVaultStore::Get(std::string_view key) const {
  const MutexLock lock(&mutex_);
  const auto found = rows_.find(key);
  if (found == rows_.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

absl::Status MemoryVaultStore::Visit(
    std::string_view prefix,
    absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const {
  std::vector<std::pair<std::string, std::string>> rows;
  {
    const MutexLock lock(&mutex_);
    for (auto row = rows_.lower_bound(prefix);
         row != rows_.end() && std::string_view(row->first).starts_with(prefix); ++row) {
      rows.emplace_back(*row);
    }
  }
  for (const auto& [key, value] : rows) {
    if (!visit(key, value)) break;
  }
  return absl::OkStatus();
}

absl::Status MemoryVaultStore::Write(const VaultChanges& changes, bool durable) {
  const MutexLock lock(&mutex_);
  for (const auto& [key, value] : changes) {
    const auto before = rows_.find(key);
    undo_.emplace_back(
        key, before == rows_.end() ? std::nullopt : std::optional<std::string>(before->second));
    if (value.has_value()) {
      rows_.insert_or_assign(key, *value);
    } else {
      rows_.erase(key);
    }
  }
  if (durable) undo_.clear();
  return absl::OkStatus();
}

void MemoryVaultStore::LoseWhatIsNotDurable() {
  const MutexLock lock(&mutex_);
  for (auto change = undo_.rbegin(); change != undo_.rend(); ++change) {
    if (change->second.has_value()) {
      rows_.insert_or_assign(change->first, *change->second);
    } else {
      rows_.erase(change->first);
    }
  }
  undo_.clear();
}

}  // namespace caseledger::eventstore
