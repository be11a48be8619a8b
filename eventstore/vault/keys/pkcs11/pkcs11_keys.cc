#include "eventstore/vault/keys/pkcs11/pkcs11_keys.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <optional>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/keys/wrapped_key.h"

namespace caseledger::eventstore {
namespace {

using Keys = std::vector<TokenSession::Key>;

// The time is in the ids, whose order is that of the keys.
absl::StatusOr<std::vector<WrappingKeyInfo>> InfosOf(const Keys& keys) {
  std::vector<WrappingKeyInfo> infos;
  infos.reserve(keys.size());
  for (const TokenSession::Key& key : keys) {
    const std::optional<Micros> created_at = CreatedAt(key.id);
    if (!created_at) {
      return absl::FailedPreconditionError(StrCat(
          "the key ", key.id.ToString(),
          " in the token has the label of wrapping keys, and was not made as one: relabel it "
          "with the token's tools, or take another label"));
    }
    infos.push_back({key.id, *created_at});
  }
  return infos;
}

absl::StatusOr<SecretKey> Derive(TokenSession& session, const TokenSession::Key& key,
                                 const XaesNonce& nonce) {
  std::array<uint8_t, kSecretKeyBytes> derived{};
  auto* at = derived.begin();
  for (const CmacBlock& block : BlocksToDerive(nonce)) {
    ASSIGN_OR_RETURN(CmacBlock mac, session.Cmac(key, block));
    at = std::copy(mac.begin(), mac.end(), at);
    OPENSSL_cleanse(mac.data(), mac.size());
  }
  SecretKey message_key = SecretKey::Of(derived);
  OPENSSL_cleanse(derived.data(), derived.size());
  return message_key;
}

}  // namespace

std::unique_ptr<Pkcs11Keys> Pkcs11Keys::Make(Pkcs11Module module, const Pkcs11Options& options,
                                             Clock& clock, RandomSource& random) {
  return std::unique_ptr<Pkcs11Keys>(new Pkcs11Keys(std::move(module), options, clock, random));
}

absl::StatusOr<std::unique_ptr<Pkcs11Keys>> Pkcs11Keys::Open(const Pkcs11Options& options,
                                                             Clock& clock, RandomSource& random) {
  ASSIGN_OR_RETURN(Pkcs11Module module, LoadPkcs11Module(options.module_path));
  return OpenWith(std::move(module), options, clock, random);
}

absl::StatusOr<std::unique_ptr<Pkcs11Keys>> Pkcs11Keys::OpenWith(Pkcs11Module module,
                                                                 const Pkcs11Options& options,
                                                                 Clock& clock,
                                                                 RandomSource& random) {
  std::unique_ptr<Pkcs11Keys> keys = Make(std::move(module), options, clock, random);
  ASSIGN_OR_RETURN(const std::vector<WrappingKeyInfo> all, keys->FirstList());
  if (!all.empty()) return keys;
  return absl::UnavailableError(
      StrCat("the token ", options.login.token_label, " has no key labelled ", options.key_label,
             ": put in the token of this vault; only a vault that is new makes others"));
}

absl::StatusOr<std::unique_ptr<Pkcs11Keys>> Pkcs11Keys::CreateFirst(const Pkcs11Options& options,
                                                                    Clock& clock,
                                                                    RandomSource& random) {
  ASSIGN_OR_RETURN(Pkcs11Module module, LoadPkcs11Module(options.module_path));
  std::unique_ptr<Pkcs11Keys> keys = Make(std::move(module), options, clock, random);
  ASSIGN_OR_RETURN(const std::vector<WrappingKeyInfo> all, keys->FirstList());
  if (!all.empty()) {
    return absl::AlreadyExistsError(
        StrCat("the token ", options.login.token_label, " has keys labelled ", options.key_label,
               " already: they may be another vault's. Take another label for this one"));
  }
  const absl::StatusOr<WrappingKeyInfo> first = keys->Create();
  if (!first.ok()) return first.status();
  return keys;
}

absl::StatusOr<std::vector<WrappingKeyInfo>> Pkcs11Keys::FirstList() {
  {
    const MutexLock lock(&mutex_);
    ASSIGN_OR_RETURN([[maybe_unused]] const TokenSession* session, login_.Session());
  }
  return List();
}

absl::Status Pkcs11Keys::InSession(absl::FunctionRef<absl::Status(TokenSession&)> work) const {
  const MutexLock lock(&mutex_);
  const absl::StatusOr<TokenSession*> session = login_.Session();
  if (!session.ok()) return absl::UnavailableError(session.status().message());
  absl::Status done = work(**session);
  if (absl::IsUnavailable(done)) login_.GiveUp();
  return done;
}

absl::StatusOr<std::vector<WrappingKeyInfo>> Pkcs11Keys::List() const {
  std::vector<WrappingKeyInfo> infos;
  RETURN_IF_ERROR(InSession([&](TokenSession& session) -> absl::Status {
    ASSIGN_OR_RETURN(const Keys keys, session.Find(label_));
    ASSIGN_OR_RETURN(infos, InfosOf(keys));
    return absl::OkStatus();
  }));
  return infos;
}

absl::StatusOr<std::string> Pkcs11Keys::Wrap(const Uuid& with, const SecretKey& key,
                                             std::string_view about) {
  return WrapKey([&](const XaesNonce& nonce) { return MessageKey(with, nonce); }, with, key, about,
                 random_);
}

absl::StatusOr<SecretKey> Pkcs11Keys::Unwrap(const Uuid& with, std::string_view wrapped,
                                             std::string_view about) {
  return UnwrapKey([&](const XaesNonce& nonce) { return MessageKey(with, nonce); }, with, wrapped,
                   about);
}

absl::StatusOr<SecretKey> Pkcs11Keys::MessageKey(const Uuid& id, const XaesNonce& nonce) {
  std::optional<SecretKey> message_key;
  RETURN_IF_ERROR(InSession([&](TokenSession& session) -> absl::Status {
    absl::StatusOr<SecretKey> derived = DeriveWith(session, id, nonce);
    // What was found earlier may be there under another handle.
    if (absl::IsNotFound(derived.status())) derived = DeriveWith(session, id, nonce);
    if (!derived.ok()) return derived.status();
    message_key = *std::move(derived);
    return absl::OkStatus();
  }));
  return *std::move(message_key);
}

absl::StatusOr<SecretKey> Pkcs11Keys::DeriveWith(TokenSession& session, const Uuid& id,
                                                 const XaesNonce& nonce) const {
  ASSIGN_OR_RETURN(const std::optional<TokenSession::Key> key, session.FindOne(label_, id));
  if (!key) return NoSuchWrappingKey(id);
  absl::StatusOr<SecretKey> derived = Derive(session, *key, nonce);
  if (absl::IsNotFound(derived.status())) return NoSuchWrappingKey(id);
  return derived;
}

absl::StatusOr<WrappingKeyInfo> Pkcs11Keys::Create() {
  WrappingKeyInfo made;
  RETURN_IF_ERROR(InSession([&](TokenSession& session) -> absl::Status {
    ASSIGN_OR_RETURN(const Keys keys, session.Find(label_));
    ASSIGN_OR_RETURN(const std::vector<WrappingKeyInfo> all, InfosOf(keys));
    if (all.size() >= TokenSession::kMaxKeys) {
      return absl::ResourceExhaustedError(
          StrCat("there are ", TokenSession::kMaxKeys,
                 " wrapping keys in the token: destroy those that wrap nothing any more"));
    }
    const auto newest = all.empty() ? std::nullopt : std::optional(all.back());
    made = NextWrappingKey(newest, clock_, random_);
    return session.Generate(label_, made.id);
  }));
  return made;
}

absl::Status Pkcs11Keys::Destroy(const Uuid& id) {
  return InSession([&](TokenSession& session) -> absl::Status {
    ASSIGN_OR_RETURN(const Keys keys, session.Find(label_));
    if (!keys.empty() && keys.back().id == id) return NewestIsKept(id);
    for (const TokenSession::Key& key : keys) {
      if (key.id == id) RETURN_IF_ERROR(session.Destroy(key));
    }
    ASSIGN_OR_RETURN(const Keys left, session.Find(label_));
    for (const TokenSession::Key& key : left) {
      if (key.id == id) return absl::UnavailableError("the token still has the key it destroyed");
    }
    return absl::OkStatus();
  });
}

}  // namespace caseledger::eventstore
