// Keys that wrap data keys. They never leave their provider: a folder of key files, or a token
// behind PKCS#11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "eventstore/vault/keys/secret_key.h"

namespace caseledger::eventstore {

struct WrappingKeyInfo {
  Uuid id;
  Micros created_at = 0;
};

// Thread-safe. Calls may block (files, tokens). No error says anything of a key but its id.
class WrappingKeys {
 public:
  virtual ~WrappingKeys() = default;

  // All that exist, oldest first; the last one wraps new data keys. Never empty.
  // UNAVAILABLE  the provider cannot be reached
  virtual absl::StatusOr<std::vector<WrappingKeyInfo>> List() const = 0;

  // `key`, encrypted and authenticated together with `about` (which data key it is). 64 to 128
  // bytes; what they are is the provider's own.
  // NOT_FOUND    no wrapping key of that id
  // UNAVAILABLE  the provider cannot be reached
  virtual absl::StatusOr<std::string> Wrap(const Uuid& with, const SecretKey& key,
                                           std::string_view about) = 0;
  // NOT_FOUND         the wrapping key was destroyed, or never was
  // DATA_LOSS         not what Wrap gave out for this wrapping key and `about`
  // UNAVAILABLE       the provider cannot be reached
  virtual absl::StatusOr<SecretKey> Unwrap(const Uuid& with, std::string_view wrapped,
                                           std::string_view about) = 0;

  // Makes a new one, which is the newest. Durable when it returns OK.
  virtual absl::StatusOr<WrappingKeyInfo> Create() = 0;

  // Destroys one for good: nothing it wrapped can be unwrapped ever again. OK when there is none
  // of that id. FAILED_PRECONDITION for the newest.
  virtual absl::Status Destroy(const Uuid& id) = 0;
};

}  // namespace caseledger::eventstore
