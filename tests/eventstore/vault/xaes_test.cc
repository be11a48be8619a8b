// XAES-256-GCM against the vectors of https://c2sp.org/XAES-256-GCM, and what must not open.
#include "eventstore/vault/keys/xaes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/escaping.h"

namespace caseledger::eventstore {
namespace {

SecretKey KeyOf(uint8_t byte) {
  std::array<uint8_t, kSecretKeyBytes> bytes{};
  bytes.fill(byte);
  return SecretKey::Of(bytes);
}

XaesNonce NonceOf(std::string_view text) {
  XaesNonce nonce{};
  std::copy(text.begin(), text.end(), nonce.begin());
  return nonce;
}

std::string Seal(uint8_t key, std::string_view nonce, std::string_view about,
                 std::string_view plain) {
  std::string out;
  XaesSeal(KeyOf(key), NonceOf(nonce), about, plain, out);
  return out;
}

std::string Hex(std::string_view bytes) {
  return std::string(absl::BytesToHexString({bytes.data(), bytes.size()}));
}

constexpr std::string_view kNonce = "ABCDEFGHIJKLMNOPQRSTUVWX";
constexpr std::string_view kPlain = "XAES-256-GCM";

// In the first the subkey's highest bit is not set, in the second it is.
TEST(Xaes, SealsAsTheSpecificationDoes) {
  EXPECT_EQ(Hex(Seal(1, kNonce, "", kPlain)),
            "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
  EXPECT_EQ(Hex(Seal(3, kNonce, "c2sp.org/XAES-256-GCM", kPlain)),
            "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
}

TEST(Xaes, OpensWhatWasSealed) {
  for (const std::string_view plain : {std::string_view(""), kPlain}) {
    const std::string sealed = Seal(7, kNonce, "about", plain);
    const absl::StatusOr<std::string> opened = XaesOpen(KeyOf(7), NonceOf(kNonce), "about", sealed);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(*opened, plain);
  }
}

TEST(Xaes, TheDerivedKeyOpensItsMessageAndNoOther) {
  const std::string sealed = Seal(7, kNonce, "about", kPlain);
  const std::string_view other_nonce = "BBCDEFGHIJKLMNOPQRSTUVWX";
  const std::string other = Seal(7, other_nonce, "about", kPlain);
  const SecretKey derived = DeriveMessageKey(KeyOf(7), NonceOf(kNonce));
  EXPECT_EQ(OpenMessage(derived, NonceOf(kNonce), "about", sealed).value(), kPlain);
  EXPECT_EQ(OpenMessage(derived, NonceOf(other_nonce), "about", other).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(Xaes, NothingOpensWithAnythingChanged) {
  const std::string sealed = Seal(7, kNonce, "about", kPlain);
  const auto opens = [](uint8_t key, std::string_view nonce, std::string_view about,
                        std::string_view bytes) {
    return XaesOpen(KeyOf(key), NonceOf(nonce), about, bytes).ok();
  };
  ASSERT_TRUE(opens(7, kNonce, "about", sealed));
  EXPECT_FALSE(opens(8, kNonce, "about", sealed));
  EXPECT_FALSE(opens(7, kNonce, "another", sealed));
  for (size_t i = 0; i < kXaesNonceBytes; ++i) {
    std::string nonce(kNonce);
    nonce[i] = static_cast<char>(nonce[i] ^ 1);
    EXPECT_FALSE(opens(7, nonce, "about", sealed)) << "byte " << i << " of the nonce";
  }
  for (size_t i = 0; i < sealed.size() * 8; ++i) {
    std::string flipped = sealed;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(opens(7, kNonce, "about", flipped)) << "bit " << i;
  }
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(opens(7, kNonce, "about", std::string_view(sealed).substr(0, size)));
  }
}

}  // namespace
}  // namespace caseledger::eventstore
