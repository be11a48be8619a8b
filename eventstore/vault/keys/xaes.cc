#include "eventstore/vault/keys/xaes.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace caseledger::eventstore {
namespace {

// Encryption with a sound key and sound lengths fails only when the machine is broken.
void Must(bool done) {
  if (!done) std::abort();
}

// Looking a cipher up takes longer than using it.
const EVP_CIPHER* Fetched(const char* name) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  Must(cipher != nullptr);
  return cipher;
}

const EVP_CIPHER* AesBlocks() {
  static const EVP_CIPHER* const cipher = Fetched("AES-256-ECB");
  return cipher;
}

const EVP_CIPHER* AesGcm() {
  static const EVP_CIPHER* const cipher = Fetched("AES-256-GCM");
  return cipher;
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// Freeing it wipes the key schedule.
class Context {
 public:
  Context() : context_(EVP_CIPHER_CTX_new()) { Must(context_ != nullptr); }
  EVP_CIPHER_CTX* get() const { return context_.get(); }

 private:
  ContextPtr context_;
};

int Int(size_t size) { return static_cast<int>(size); }

const uint8_t* Raw(std::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

void AddAbout(EVP_CIPHER_CTX* context, std::string_view about, bool encrypt) {
  int size = 0;
  if (about.empty()) return;
  Must((encrypt ? EVP_EncryptUpdate(context, nullptr, &size, Raw(about), Int(about.size()))
                : EVP_DecryptUpdate(context, nullptr, &size, Raw(about), Int(about.size()))) == 1);
}

// The subkey of SP 800-38B: doubled in GF(2^128).
CmacBlock Doubled(const CmacBlock& block) {
  CmacBlock out{};
  for (size_t i = 0; i < kCmacBytes; ++i) {
    const unsigned next = i + 1 < kCmacBytes ? block[i + 1] : 0U;
    out[i] = static_cast<uint8_t>((unsigned{block[i]} << 1U) | (next >> 7U));
  }
  if ((block[0] & 0x80U) != 0) out[kCmacBytes - 1] ^= 0x87;
  return out;
}

}  // namespace

std::array<CmacBlock, 2> BlocksToDerive(const XaesNonce& nonce) {
  std::array<CmacBlock, 2> blocks{};
  for (size_t i = 0; i < blocks.size(); ++i) {
    blocks[i][1] = static_cast<uint8_t>(i + 1);  // the counter
    blocks[i][2] = 'X';
    std::memcpy(blocks[i].data() + kCmacBytes - kGcmNonceBytes, nonce.data(), kGcmNonceBytes);
  }
  return blocks;
}

SecretKey DeriveMessageKey(const SecretKey& key, const XaesNonce& nonce) {
  const Context context;
  int size = 0;
  Must(EVP_EncryptInit_ex2(context.get(), AesBlocks(), key.data(), nullptr, nullptr) == 1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  CmacBlock zero{};
  CmacBlock subkey{};
  Must(EVP_EncryptUpdate(context.get(), subkey.data(), &size, zero.data(), Int(kCmacBytes)) == 1);
  subkey = Doubled(subkey);

  std::array<uint8_t, 2 * kCmacBytes> input{};
  uint8_t* next = input.data();
  for (const CmacBlock& block : BlocksToDerive(nonce)) {
    for (size_t i = 0; i < kCmacBytes; ++i) *next++ = block[i] ^ subkey[i];
  }
  std::array<uint8_t, kSecretKeyBytes> derived{};
  Must(EVP_EncryptUpdate(context.get(), derived.data(), &size, input.data(), Int(input.size())) ==
       1);
  SecretKey message_key = SecretKey::Of(derived);
  OPENSSL_cleanse(derived.data(), derived.size());
  OPENSSL_cleanse(subkey.data(), subkey.size());
  return message_key;
}

void XaesSeal(const SecretKey& key, const XaesNonce& nonce, std::string_view about,
              std::string_view plain, std::string& out) {
  SealMessage(DeriveMessageKey(key, nonce), nonce, about, plain, out);
}

void SealMessage(const SecretKey& message_key, const XaesNonce& nonce, std::string_view about,
                 std::string_view plain, std::string& out) {
  const Context context;
  int size = 0;
  Must(EVP_EncryptInit_ex2(context.get(), AesGcm(), message_key.data(),
                           nonce.data() + kGcmNonceBytes, nullptr) == 1);
  AddAbout(context.get(), about, true);
  const size_t begin = out.size();
  out.resize(begin + plain.size() + kGcmTagBytes);
  auto* const sealed = reinterpret_cast<uint8_t*>(out.data() + begin);
  Must(EVP_EncryptUpdate(context.get(), sealed, &size, Raw(plain), Int(plain.size())) == 1);
  Must(EVP_EncryptFinal_ex(context.get(), sealed + plain.size(), &size) == 1);
  Must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, Int(kGcmTagBytes),
                           sealed + plain.size()) == 1);
}

absl::StatusOr<std::string> OpenMessage(const SecretKey& message_key, const XaesNonce& nonce,
                                        std::string_view about, std::string_view sealed) {
  const auto damaged = [] {
    return absl::DataLossError("sealed bytes do not belong to their key and place");
  };
  if (sealed.size() < kGcmTagBytes) return damaged();
  const Context context;
  int size = 0;
  Must(EVP_DecryptInit_ex2(context.get(), AesGcm(), message_key.data(),
                           nonce.data() + kGcmNonceBytes, nullptr) == 1);
  AddAbout(context.get(), about, false);
  std::string plain(sealed.size() - kGcmTagBytes, '\0');
  auto* const out = reinterpret_cast<uint8_t*>(plain.data());
  Must(EVP_DecryptUpdate(context.get(), out, &size, Raw(sealed), Int(plain.size())) == 1);
  std::array<uint8_t, kGcmTagBytes> tag{};
  std::memcpy(tag.data(), sealed.data() + plain.size(), kGcmTagBytes);
  Must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, Int(kGcmTagBytes), tag.data()) ==
       1);
  if (EVP_DecryptFinal_ex(context.get(), out + plain.size(), &size) != 1) {
    OPENSSL_cleanse(plain.data(), plain.size());
    return damaged();
  }
  return plain;
}

absl::StatusOr<std::string> XaesOpen(const SecretKey& key, const XaesNonce& nonce,
                                     std::string_view about, std::string_view sealed) {
  return OpenMessage(DeriveMessageKey(key, nonce), nonce, about, sealed);
}

}  // namespace caseledger::eventstore
