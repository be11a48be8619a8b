// A login at a token that is renewed when the token was away.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/hash.h"
#include "eventstore/vault/keys/pkcs11/module.h"
#include "eventstore/vault/keys/pkcs11/token_session.h"

namespace caseledger::eventstore {

struct TokenLoginOptions {
  // Of the token, as it was initialised with.
  std::string token_label;
  // Holds the user's PIN in its first line; this user's alone. Read at each login, never kept.
  std::string pin_file;
};

// Not thread-safe. The clock must outlive it.
class TokenLogin {
 public:
  // After a login that failed no other is tried for so long: modules may take their time to find
  // out that nobody answers.
  static constexpr Micros kPause = kMicrosPerSecond;
  static constexpr size_t kMaxPinBytes = 256;

  TokenLogin(Pkcs11Module module, TokenLoginOptions options, Clock& clock)
      : module_(std::move(module)), options_(std::move(options)), clock_(clock) {}

  // The session, after logging in if there is none. Stays valid until GiveUp.
  //
  // UNAVAILABLE          the token is not there, or the PIN file
  // FAILED_PRECONDITION  its PIN was refused, and is not tried again as long as the file has it; or
  //                      the file is not this user's alone; or the token cannot do what it should
  absl::StatusOr<TokenSession*> Session();

  // After trouble: the next call of Session logs in again.
  void GiveUp() { session_.reset(); }

 private:
  absl::Status Login();
  bool IsPausing() const;

  const Pkcs11Module module_;
  const TokenLoginOptions options_;
  Clock& clock_;
  std::unique_ptr<TokenSession> session_;  // null: logged out
  absl::Status failure_;                   // of the last login
  Micros failed_at_ = 0;
  std::optional<Hash256> refused_pin_;
};

}  // namespace caseledger::eventstore
