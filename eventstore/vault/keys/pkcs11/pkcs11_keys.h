// Wrapping keys in a token behind PKCS#11, which makes them and never gives them out.
//
// A wrapping key is an AES-256 secret key of the token: CKA_LABEL says what it is for, CKA_ID is
// its UUID, and with it the time it was made. It is sensitive, not extractable, and good for
// AES-CMAC only. What it gives out is the same as of a key file with the same bytes
// (wrapped_key.h): the token is asked for the two CMACs from which XAES-256-GCM derives the key of
// one message.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "eventstore/vault/keys/pkcs11/module.h"
#include "eventstore/vault/keys/pkcs11/token_login.h"
#include "eventstore/vault/keys/pkcs11/token_session.h"
#include "eventstore/vault/keys/wrapping_keys.h"

namespace caseledger::eventstore {

struct Pkcs11Options {
  // The module's .so file, of the token's maker.
  std::string module_path;
  TokenLoginOptions login;
  // Of the keys. Vaults that share a token have labels of their own.
  std::string key_label = "caseledger-wrapping";
};

// One session, one caller at a time: others wait. A token that does not answer is UNAVAILABLE, and
// is logged into again at the next call (TokenLogin).
//
// Thread-safe. Several servers may use one token at once. Clock and random source must outlive it.
class Pkcs11Keys final : public WrappingKeys {
 public:
  // UNAVAILABLE          the module or the token is not there, or has no key of the label
  // FAILED_PRECONDITION  the PIN is refused, its file is not this user's alone, the token cannot do
  //                      AES-CMAC, or a key of the label is none of ours
  static absl::StatusOr<std::unique_ptr<Pkcs11Keys>> Open(const Pkcs11Options& options,
                                                          Clock& clock, RandomSource& random);
  // Makes the first key. ALREADY_EXISTS when there is one; the errors of Open.
  static absl::StatusOr<std::unique_ptr<Pkcs11Keys>> CreateFirst(const Pkcs11Options& options,
                                                                 Clock& clock,
                                                                 RandomSource& random);

  // Open, with a module that is loaded in another way.
  static absl::StatusOr<std::unique_ptr<Pkcs11Keys>> OpenWith(Pkcs11Module module,
                                                              const Pkcs11Options& options,
                                                              Clock& clock, RandomSource& random);

  // FAILED_PRECONDITION  a key of the label is none of ours; as from the others below
  absl::StatusOr<std::vector<WrappingKeyInfo>> List() const override;
  absl::StatusOr<std::string> Wrap(const Uuid& with, const SecretKey& key,
                                   std::string_view about) override;
  absl::StatusOr<SecretKey> Unwrap(const Uuid& with, std::string_view wrapped,
                                   std::string_view about) override;
  // RESOURCE_EXHAUSTED beyond TokenSession::kMaxKeys. After an error there may be a new key.
  absl::StatusOr<WrappingKeyInfo> Create() override;
  absl::Status Destroy(const Uuid& id) override;

 private:
  Pkcs11Keys(Pkcs11Module module, const Pkcs11Options& options, Clock& clock, RandomSource& random)
      : clock_(clock),
        random_(random),
        label_(options.key_label),
        login_(std::move(module), options.login, clock) {}

  static std::unique_ptr<Pkcs11Keys> Make(Pkcs11Module module, const Pkcs11Options& options,
                                          Clock& clock, RandomSource& random);
  // What the token has, with the errors of logging in as they are.
  absl::StatusOr<std::vector<WrappingKeyInfo>> FirstList();

  // Does `work` in the session and gives the session up when the token did not answer.
  absl::Status InSession(absl::FunctionRef<absl::Status(TokenSession&)> work) const;
  absl::StatusOr<SecretKey> MessageKey(const Uuid& id, const XaesNonce& nonce);
  absl::StatusOr<SecretKey> DeriveWith(TokenSession& session, const Uuid& id,
                                       const XaesNonce& nonce) const;

  Clock& clock_;
  RandomSource& random_;
  const std::string label_;
  mutable Mutex mutex_;
  mutable TokenLogin login_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::eventstore
