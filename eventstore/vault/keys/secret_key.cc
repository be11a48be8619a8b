#include "eventstore/vault/keys/secret_key.h"

#include <openssl/crypto.h>

#include <cstdlib>
#include <cstring>

namespace caseledger::eventstore {
namespace {

// The heap's smallest piece is one key; its own bookkeeping is outside the locked part.
bool OpenHeap() {
  if (CRYPTO_secure_malloc_initialized() == 1) return true;
  return CRYPTO_secure_malloc_init(kLockedKeys * kSecretKeyBytes, kSecretKeyBytes) == 1;
}

}  // namespace

bool SecretMemoryIsLocked() {
  static const bool locked = OpenHeap();
  return locked;
}

void SecretKey::Wipe::operator()(uint8_t* bytes) const {
  // Knows by the address which of the two it came from.
  OPENSSL_secure_clear_free(bytes, kSecretKeyBytes);
}

SecretKey::SecretKey() {
  SecretMemoryIsLocked();
  void* bytes = OPENSSL_secure_malloc(kSecretKeyBytes);
  if (bytes == nullptr) bytes = OPENSSL_malloc(kSecretKeyBytes);
  if (bytes == nullptr) std::abort();  // as `new` would
  bytes_.reset(static_cast<uint8_t*>(bytes));
}

SecretKey SecretKey::Random(RandomSource& random) {
  SecretKey key;
  random.Fill(key.bytes_.get(), kSecretKeyBytes);
  return key;
}

SecretKey SecretKey::Of(const std::array<uint8_t, kSecretKeyBytes>& bytes) {
  SecretKey key;
  std::memcpy(key.bytes_.get(), bytes.data(), kSecretKeyBytes);
  return key;
}

}  // namespace caseledger::eventstore
