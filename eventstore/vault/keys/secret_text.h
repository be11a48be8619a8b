// A text that holds a secret, such as a key in digits or a PIN.
#pragma once

#include <openssl/crypto.h>

#include <string>
#include <string_view>

namespace caseledger::eventstore {

// In ordinary memory, wiped at the end. Takes over the text's memory; a text so short that the
// string keeps it within itself (15 bytes) is copied, and the source wiped. Thread-safe to read.
class SecretText {
 public:
  explicit SecretText(std::string&& text) {
    text_.swap(text);
    OPENSSL_cleanse(text.data(), text.capacity());
  }
  ~SecretText() { OPENSSL_cleanse(text_.data(), text_.capacity()); }
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;

  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

}  // namespace caseledger::eventstore
