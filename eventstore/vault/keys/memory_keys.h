// Wrapping keys in memory: for tests, and for whatever need not outlive the program.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "eventstore/vault/keys/wrapping_keys.h"

namespace caseledger::eventstore {

class MemoryWrappingKeys final : public WrappingKeys {
 public:
  // With one key. Both must outlive it.
  MemoryWrappingKeys(Clock& clock, RandomSource& random);

  absl::StatusOr<std::vector<WrappingKeyInfo>> List() const override;
  absl::StatusOr<std::string> Wrap(const Uuid& with, const SecretKey& key,
                                   std::string_view about) override;
  absl::StatusOr<SecretKey> Unwrap(const Uuid& with, std::string_view wrapped,
                                   std::string_view about) override;
  absl::StatusOr<WrappingKeyInfo> Create() override;
  absl::Status Destroy(const Uuid& id) override;

 private:
  const SecretKey* Find(const Uuid& id) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  Clock& clock_;
  RandomSource& random_;
  mutable Mutex mutex_;
  std::vector<std::pair<WrappingKeyInfo, SecretKey>> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::eventstore
