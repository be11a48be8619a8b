// Unwrapped keys in use. Bounded: when full, those not asked for since it was last half full go.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/mutex.h"
#include "eventstore/sealing/data_keys.h"

namespace caseledger::eventstore {

// Thread-safe.
class KeyCache {
 public:
  explicit KeyCache(size_t most_keys) : half_(most_keys / 2) {}

  // Null when it is not here.
  std::shared_ptr<const SecretKey> Find(const Uuid& id) {
    const MutexLock lock(&mutex_);
    if (const auto found = young_.find(id); found != young_.end()) return found->second;
    const auto found = old_.find(id);
    if (found == old_.end()) return nullptr;
    std::shared_ptr<const SecretKey> key = found->second;
    AddLocked(id, key);
    return key;
  }
  void Add(const DataKey& key) {
    const MutexLock lock(&mutex_);
    AddLocked(key.id, key.key);
  }
  void Drop(const Uuid& id) {
    const MutexLock lock(&mutex_);
    young_.erase(id);
    old_.erase(id);
  }

 private:
  using Keys = absl::flat_hash_map<Uuid, std::shared_ptr<const SecretKey>>;

  void AddLocked(const Uuid& id, std::shared_ptr<const SecretKey> key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (young_.size() >= half_) {
      old_ = std::move(young_);
      young_.clear();
    }
    young_.insert_or_assign(id, std::move(key));
  }

  const size_t half_;
  Mutex mutex_;
  Keys young_ ABSL_GUARDED_BY(mutex_);
  Keys old_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::eventstore
