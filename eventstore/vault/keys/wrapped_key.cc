#include "eventstore/vault/keys/wrapped_key.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

constexpr Micros kMicrosPerMilli = 1000;

// Says the same time until it is destroyed.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(Micros now) : now_(now) {}
  Micros Now() override { return now_; }

 private:
  const Micros now_;
};

// The id has a fixed size, so the two cannot run into each other.
std::string AssociatedData(const Uuid& with, std::string_view about) {
  std::string bytes(with.raw());
  bytes.append(about);
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> WrapKey(MessageKeyOf message_key, const Uuid& with,
                                    const SecretKey& key, std::string_view about,
                                    RandomSource& random) {
  XaesNonce nonce;
  random.Fill(nonce.data(), nonce.size());
  ASSIGN_OR_RETURN(const SecretKey derived, message_key(nonce));
  std::string wrapped(nonce.begin(), nonce.end());
  SealMessage(derived, nonce, AssociatedData(with, about), key.raw(), wrapped);
  return wrapped;
}

absl::StatusOr<SecretKey> UnwrapKey(MessageKeyOf message_key, const Uuid& with,
                                    std::string_view wrapped, std::string_view about) {
  const auto damaged = [&with] {
    return absl::DataLossError(StrCat("a wrapped key is damaged, or was not wrapped by ",
                                      with.ToString(), " for what it is used for"));
  };
  if (wrapped.size() != kWrappedKeyBytes) return damaged();
  XaesNonce nonce;
  std::memcpy(nonce.data(), wrapped.data(), nonce.size());
  ASSIGN_OR_RETURN(const SecretKey derived, message_key(nonce));
  absl::StatusOr<std::string> plain =
      OpenMessage(derived, nonce, AssociatedData(with, about), wrapped.substr(kXaesNonceBytes));
  if (!plain.ok()) return damaged();
  std::array<uint8_t, kSecretKeyBytes> bytes;
  std::memcpy(bytes.data(), plain->data(), bytes.size());
  SecretKey key = SecretKey::Of(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  OPENSSL_cleanse(plain->data(), plain->size());
  return key;
}

WrappingKeyInfo NextWrappingKey(const std::optional<WrappingKeyInfo>& newest, Clock& clock,
                                RandomSource& random) {
  Micros now = clock.Now() / kMicrosPerMilli * kMicrosPerMilli;
  if (newest) now = std::max(now, newest->created_at + kMicrosPerMilli);
  FixedClock then(now);
  return {Uuid::Generate(then, random), now};
}

std::optional<Micros> CreatedAt(const Uuid& id) {
  constexpr uint8_t kVersionBits = 0xF0;
  constexpr uint8_t kVersion7 = 0x70;
  if ((id.bytes[6] & kVersionBits) != kVersion7) return std::nullopt;
  const uint64_t first = ReadBigEndian<uint64_t>(id.raw());  // 48 bits of time, then others
  return static_cast<Micros>(first >> 16) * kMicrosPerMilli;
}

absl::Status NoSuchWrappingKey(const Uuid& id) {
  return absl::NotFoundError(
      StrCat("wrapping key ", id.ToString(), " was destroyed, or is another vault's"));
}

absl::Status NewestIsKept(const Uuid& id) {
  return absl::FailedPreconditionError(
      StrCat("wrapping key ", id.ToString(),
             " is the newest and wraps new data keys: make another one before destroying it"));
}

}  // namespace caseledger::eventstore
