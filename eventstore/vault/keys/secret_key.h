// A secret key in memory that is locked against swapping where the system lets us, left out of core
// dumps, and wiped when given back (OpenSSL's secure heap, man 3 OPENSSL_secure_malloc).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "eventstore/base/random.h"

namespace caseledger::eventstore {

inline constexpr size_t kSecretKeyBytes = 32;

// How many secret keys fit into locked memory. Who keeps many (caches, pools) stays below; beyond,
// keys lie in ordinary memory that is wiped as well.
inline constexpr size_t kLockedKeys = 65536;

// Whether the secure heap is locked: false when the system's limit (RLIMIT_MEMLOCK) is too small.
bool SecretMemoryIsLocked();

// 256 bits. Move-only; a moved-from key has no bytes. Thread-safe to read.
class SecretKey {
 public:
  static SecretKey Random(RandomSource& random);
  // Copies the bytes; wiping the source is up to its owner.
  static SecretKey Of(const std::array<uint8_t, kSecretKeyBytes>& bytes);

  std::string_view raw() const {
    return {reinterpret_cast<const char*>(bytes_.get()), kSecretKeyBytes};
  }
  const uint8_t* data() const { return bytes_.get(); }

 private:
  struct Wipe {
    void operator()(uint8_t* bytes) const;
  };
  SecretKey();

  std::unique_ptr<uint8_t, Wipe> bytes_;
};

}  // namespace caseledger::eventstore
