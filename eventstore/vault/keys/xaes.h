// XAES-256-GCM (https://c2sp.org/XAES-256-GCM): AES-256-GCM under a key of its own for each
// message, derived from the data key and half of a nonce of 192 bits (NIST SP 800-108r1, CMAC). A
// nonce so long may be random: 2^80 messages of one key collide with a chance of 2^-32.
//
// The derived key opens that one message and no other, with any AES-256-GCM.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/vault/keys/secret_key.h"

namespace caseledger::eventstore {

inline constexpr size_t kXaesNonceBytes = 24;
inline constexpr size_t kGcmTagBytes = 16;
inline constexpr size_t kGcmNonceBytes = 12;

using XaesNonce = std::array<uint8_t, kXaesNonceBytes>;

// The key for the message with this nonce; its AES-256-GCM nonce is the last 12 bytes of `nonce`.
// Thread-safe, as are those below.
SecretKey DeriveMessageKey(const SecretKey& key, const XaesNonce& nonce);

// The same for a key that lies where CMAC is all one gets: the message key is the AES-CMAC (NIST
// SP 800-38B) of the first block, then that of the second.
inline constexpr size_t kCmacBytes = 16;
using CmacBlock = std::array<uint8_t, kCmacBytes>;
std::array<CmacBlock, 2> BlocksToDerive(const XaesNonce& nonce);

// Appends the ciphertext and its tag (16 bytes) to `out`.
void XaesSeal(const SecretKey& key, const XaesNonce& nonce, std::string_view about,
              std::string_view plain, std::string& out);

// DATA_LOSS when key, nonce, `about` and bytes do not belong together.
absl::StatusOr<std::string> XaesOpen(const SecretKey& key, const XaesNonce& nonce,
                                     std::string_view about, std::string_view sealed);

// The same with what DeriveMessageKey gave.
void SealMessage(const SecretKey& message_key, const XaesNonce& nonce, std::string_view about,
                 std::string_view plain, std::string& out);
absl::StatusOr<std::string> OpenMessage(const SecretKey& message_key, const XaesNonce& nonce,
                                        std::string_view about, std::string_view sealed);

}  // namespace caseledger::eventstore
