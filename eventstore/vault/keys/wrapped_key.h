// What wrapping keys give out, the same bytes whichever provider keeps them:
//
//   24  random nonce
//   32  the data key, encrypted
//   16  tag
//
// XAES-256-GCM (xaes.h) under the wrapping key; associated data: the wrapping key's id (16 bytes),
// then what the data key is about. Nonces of 192 bits may be random for as long as a wrapping key
// lives, so nobody counts wraps.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/base/uuid.h"
#include "eventstore/vault/keys/secret_key.h"
#include "eventstore/vault/keys/wrapping_keys.h"
#include "eventstore/vault/keys/xaes.h"

namespace caseledger::eventstore {

inline constexpr size_t kWrappedKeyBytes = kXaesNonceBytes + kSecretKeyBytes + kGcmTagBytes;

// As DeriveMessageKey, wherever the wrapping key lies. Its errors are passed on.
using MessageKeyOf = absl::FunctionRef<absl::StatusOr<SecretKey>(const XaesNonce& nonce)>;

// Thread-safe, as are those below.
absl::StatusOr<std::string> WrapKey(MessageKeyOf message_key, const Uuid& with,
                                    const SecretKey& key, std::string_view about,
                                    RandomSource& random);
// DATA_LOSS: not what WrapKey gave out for this wrapping key and `about`.
absl::StatusOr<SecretKey> UnwrapKey(MessageKeyOf message_key, const Uuid& with,
                                    std::string_view wrapped, std::string_view about);

// Id and time of a new wrapping key, to the millisecond: now, or just after `newest` when the clock
// says less, so that the order of ids is the order of creation. `created_at` can be read off the
// id, a UUID of version 7 (CreatedAt).
WrappingKeyInfo NextWrappingKey(const std::optional<WrappingKeyInfo>& newest, Clock& clock,
                                RandomSource& random);
// Nullopt when the id is not of version 7.
std::optional<Micros> CreatedAt(const Uuid& id);

// What both providers answer in the same words.
absl::Status NoSuchWrappingKey(const Uuid& id);
absl::Status NewestIsKept(const Uuid& id);

}  // namespace caseledger::eventstore
