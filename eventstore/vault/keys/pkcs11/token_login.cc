#include "eventstore/vault/keys/pkcs11/token_login.h"

#include <string_view>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/keys/private_file.h"
#include "eventstore/vault/keys/secret_text.h"

namespace caseledger::eventstore {
namespace {

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

absl::StatusOr<TokenSession*> TokenLogin::Session() {
  if (session_ != nullptr) return session_.get();
  if (IsPausing()) return failure_;
  failure_ = Login();
  failed_at_ = clock_.Now();
  if (!failure_.ok()) return failure_;
  return session_.get();
}

// A clock that went back must not make the pause longer.
bool TokenLogin::IsPausing() const {
  const Micros now = clock_.Now();
  return !failure_.ok() && now >= failed_at_ && now < failed_at_ + kPause;
}

absl::Status TokenLogin::Login() {
  ASSIGN_OR_RETURN(std::string text, ReadPrivateFile(options_.pin_file, kMaxPinBytes));
  const SecretText secret(std::move(text));
  const std::string_view pin = FirstLine(secret.view());
  if (pin.empty()) {
    return absl::FailedPreconditionError(StrCat(
        options_.pin_file, " has no PIN: put the PIN of the token's user in its first line"));
  }
  const auto refused = [this] {
    return absl::FailedPreconditionError(
        StrCat("the token refuses the PIN in ", options_.pin_file,
               ": correct it. It is not tried again as it is, since tokens lock themselves after a "
               "few wrong ones"));
  };
  if (refused_pin_ && Sha256({pin}) == *refused_pin_) return refused();
  absl::StatusOr<std::unique_ptr<TokenSession>> session =
      TokenSession::Open(module_, options_.token_label, pin);
  if (absl::IsPermissionDenied(session.status())) {
    refused_pin_ = Sha256({pin});
    return refused();
  }
  if (!session.ok()) return session.status();
  refused_pin_.reset();
  session_ = *std::move(session);
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
