// A login at a token, and the few things wrapping keys need of it.
#pragma once

#include <p11-kit/pkcs11.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/uuid.h"
#include "eventstore/vault/keys/pkcs11/module.h"
#include "eventstore/vault/keys/xaes.h"

namespace caseledger::eventstore {

// One session of the module, which is initialised as long as it lives. Not thread-safe. Calls take
// as long as the module makes them.
//
// All: UNAVAILABLE with what the module answered; the session should be given up then.
class TokenSession {
 public:
  // Of wrapping keys with one label, and of tokens in a module.
  static constexpr size_t kMaxKeys = 1024;
  static constexpr size_t kMaxTokens = 1024;

  struct Key {
    CK_OBJECT_HANDLE handle = 0;
    Uuid id;
  };

  // UNAVAILABLE          no token of that label is there
  // FAILED_PRECONDITION  several are, or it cannot do AES-CMAC
  // PERMISSION_DENIED    the token refuses the PIN: asking again with it may lock the token
  static absl::StatusOr<std::unique_ptr<TokenSession>> Open(Pkcs11Module module,
                                                            const std::string& token_label,
                                                            std::string_view pin);
  ~TokenSession();
  TokenSession(const TokenSession&) = delete;
  TokenSession& operator=(const TokenSession&) = delete;

  // The keys of that label, in the order of their ids.
  // FAILED_PRECONDITION: one of them is none of ours, could leave the token, or is there twice;
  // RESOURCE_EXHAUSTED: more than kMaxKeys.
  absl::StatusOr<std::vector<Key>> Find(std::string_view label);
  // The one of that id, found again without asking. Nullopt when there is none.
  absl::StatusOr<std::optional<Key>> FindOne(std::string_view label, const Uuid& id);

  // Makes an AES-256 key inside the token that cannot leave it and can do AES-CMAC alone.
  absl::Status Generate(std::string_view label, const Uuid& id);

  // OK when it is gone already.
  absl::Status Destroy(const Key& key);

  // NOT_FOUND: the key is gone.
  absl::StatusOr<CmacBlock> Cmac(const Key& key, const CmacBlock& message);

 private:
  explicit TokenSession(Pkcs11Module module) : module_(std::move(module)) {}

  absl::Status Initialize();
  absl::StatusOr<CK_SLOT_ID> FindToken(const std::string& token_label);
  absl::Status CheckMechanism(CK_SLOT_ID slot);
  absl::Status Login(CK_SLOT_ID slot, std::string_view pin);
  absl::StatusOr<std::vector<Key>> FindKeys(std::vector<CK_ATTRIBUTE> wanted);
  absl::StatusOr<std::vector<CK_OBJECT_HANDLE>> FindHandles(std::vector<CK_ATTRIBUTE> wanted);
  absl::StatusOr<std::optional<Key>> Describe(CK_OBJECT_HANDLE handle);

  const Pkcs11Module module_;
  bool initialized_ = false;
  std::optional<CK_SESSION_HANDLE> session_;
  absl::flat_hash_map<Uuid, Key> known_;  // what FindOne found; never more than there are keys
};

}  // namespace caseledger::eventstore
