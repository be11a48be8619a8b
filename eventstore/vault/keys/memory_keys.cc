#include "eventstore/vault/keys/memory_keys.h"

#include <optional>

#include "eventstore/vault/keys/wrapped_key.h"
#include "eventstore/vault/keys/xaes.h"

namespace caseledger::eventstore {

MemoryWrappingKeys::MemoryWrappingKeys(Clock& clock, RandomSource& random)
    : clock_(clock), random_(random) {
  Create().IgnoreError();  // it cannot fail
}

const SecretKey* MemoryWrappingKeys::Find(const Uuid& id) const {
  for (const auto& [info, key] : keys_) {
    if (info.id == id) return &key;
  }
  return nullptr;
}

absl::StatusOr<std::vector<WrappingKeyInfo>> MemoryWrappingKeys::List() const {
  const MutexLock lock(&mutex_);
  std::vector<WrappingKeyInfo> infos;
  for (const auto& [info, key] : keys_) infos.push_back(info);
  return infos;
}

absl::StatusOr<std::string> MemoryWrappingKeys::Wrap(const Uuid& with, const SecretKey& key,
                                                     std::string_view about) {
  const MutexLock lock(&mutex_);
  const SecretKey* wrapping = Find(with);
  if (wrapping == nullptr) return NoSuchWrappingKey(with);
  const auto message_key = [&](const XaesNonce& nonce) -> absl::StatusOr<SecretKey> {
    return DeriveMessageKey(*wrapping, nonce);
  };
  return WrapKey(message_key, with, key, about, random_);
}

absl::StatusOr<SecretKey> MemoryWrappingKeys::Unwrap(const Uuid& with, std::string_view wrapped,
                                                     std::string_view about) {
  const MutexLock lock(&mutex_);
  const SecretKey* wrapping = Find(with);
  if (wrapping == nullptr) return NoSuchWrappingKey(with);
  const auto message_key = [&](const XaesNonce& nonce) -> absl::StatusOr<SecretKey> {
    return DeriveMessageKey(*wrapping, nonce);
  };
  return UnwrapKey(message_key, with, wrapped, about);
}

absl::StatusOr<WrappingKeyInfo> MemoryWrappingKeys::Create() {
  const MutexLock lock(&mutex_);
  const std::optional<WrappingKeyInfo> newest =
      keys_.empty() ? std::nullopt : std::optional<WrappingKeyInfo>(keys_.back().first);
  const WrappingKeyInfo info = NextWrappingKey(newest, clock_, random_);
  keys_.emplace_back(info, SecretKey::Random(random_));
  return info;
}

absl::Status MemoryWrappingKeys::Destroy(const Uuid& id) {
  const MutexLock lock(&mutex_);
  if (!keys_.empty() && keys_.back().first.id == id) return NewestIsKept(id);
  std::erase_if(keys_, [&](const auto& each) { return each.first.id == id; });
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
