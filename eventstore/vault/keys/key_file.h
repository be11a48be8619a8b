// One wrapping key as the text of a file. Five lines, each with a line feed at its end:
//
//   caseledger wrapping key 1
//   id 01993c2e-7b1a-7c4e-9d35-0f6b2a81c7e4
//   created 2026-11-28T14:35:00.123Z
//   key 0f1e...
//   check 9a3c...
//
// 1 is the version of the format; a reader refuses others. The id is a UUID (RFC 9562), lower case;
// the time is UTC (RFC 3339); the key is AES-256's, 64 lower-case hexadecimal digits (RFC 4648,
// base16); the check is the SHA-256 of the lines above it, in the same digits. There is one
// spelling of each key, and all have the same length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/vault/keys/secret_key.h"
#include "eventstore/vault/keys/secret_text.h"
#include "eventstore/vault/keys/wrapping_keys.h"

namespace caseledger::eventstore {

struct WrappingKey {
  WrappingKeyInfo info;
  SecretKey key;
};

inline constexpr size_t kKeyFileBytes = 239;

// Thread-safe, as is the other.
SecretText WriteKeyFile(const WrappingKey& key);

// DATA_LOSS            not what WriteKeyFile gives out
// FAILED_PRECONDITION  a version of the format this program does not know
absl::StatusOr<WrappingKey> ReadKeyFile(std::string_view text);

}  // namespace caseledger::eventstore
