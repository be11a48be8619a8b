#include "eventstore/vault/keys/pkcs11/token_session.h"

#include <p11-kit/p11-kit.h>

#include <algorithm>
#include <array>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

constexpr CK_ULONG kKeyBytes = 32;
constexpr CK_BBOOL kTrue = CK_TRUE;
constexpr CK_BBOOL kFalse = CK_FALSE;
constexpr CK_OBJECT_CLASS kSecretKeyClass = CKO_SECRET_KEY;
constexpr CK_KEY_TYPE kAes = CKK_AES;

// PKCS#11 takes pointers to what it only reads without const.
template <typename T>
CK_ATTRIBUTE Attribute(CK_ATTRIBUTE_TYPE type, const T& value) {
  return {type, const_cast<T*>(&value), sizeof(value)};
}
CK_ATTRIBUTE Text(CK_ATTRIBUTE_TYPE type, std::string_view text) {
  return {type, const_cast<char*>(text.data()), text.size()};
}

CK_BYTE* Bytes(const CmacBlock& block) { return const_cast<CK_BYTE*>(block.data()); }

absl::Status Failure(std::string_view what, CK_RV answer) {
  return absl::UnavailableError(StrCat("the token cannot ", what, ": ", p11_kit_strerror(answer),
                                       " (CKR 0x", absl::Hex(answer), ")"));
}

std::vector<CK_ATTRIBUTE> WrappingKeysLabelled(std::string_view label) {
  return {Attribute(CKA_CLASS, kSecretKeyClass), Attribute(CKA_TOKEN, kTrue),
          Text(CKA_LABEL, label)};
}

bool IsGone(CK_RV answer) {
  return answer == CKR_OBJECT_HANDLE_INVALID || answer == CKR_KEY_HANDLE_INVALID;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenSession>> TokenSession::Open(Pkcs11Module module,
                                                                 const std::string& token_label,
                                                                 std::string_view pin) {
  std::unique_ptr<TokenSession> session(new TokenSession(std::move(module)));
  RETURN_IF_ERROR(session->Initialize());
  ASSIGN_OR_RETURN(const CK_SLOT_ID slot, session->FindToken(token_label));
  RETURN_IF_ERROR(session->CheckMechanism(slot));
  RETURN_IF_ERROR(session->Login(slot, pin));
  return session;
}

TokenSession::~TokenSession() {
  // Nothing can be done about failures: the token may be gone.
  if (session_) module_->C_CloseSession(*session_);
  if (initialized_) module_->C_Finalize(nullptr);
}

absl::Status TokenSession::Initialize() {
  const CK_RV answer = module_->C_Initialize(nullptr);  // p11-kit asks for thread-safety
  if (answer != CKR_OK) return Failure("be used: its module does not start", answer);
  initialized_ = true;
  return absl::OkStatus();
}

absl::StatusOr<CK_SLOT_ID> TokenSession::FindToken(const std::string& token_label) {
  std::vector<CK_SLOT_ID> slots(kMaxTokens);
  CK_ULONG count = slots.size();
  const CK_RV answer = module_->C_GetSlotList(CK_TRUE, slots.data(), &count);
  if (answer != CKR_OK) return Failure("be looked for", answer);
  slots.resize(count);
  std::optional<CK_SLOT_ID> found;
  for (const CK_SLOT_ID slot : slots) {
    CK_TOKEN_INFO info{};
    if (module_->C_GetTokenInfo(slot, &info) != CKR_OK) continue;  // was taken out since
    const size_t size = p11_kit_space_strlen(info.label, sizeof(info.label));
    if (std::string_view(reinterpret_cast<const char*>(info.label), size) != token_label) continue;
    if (found) {
      return absl::FailedPreconditionError(
          StrCat("several tokens have the label ", token_label, ": label them differently"));
    }
    found = slot;
  }
  if (found) return *found;
  return absl::UnavailableError(StrCat("there is no token labelled ", token_label, " among the ",
                                       count,
                                       " that the module sees: put it in, or check the "
                                       "label and the module's own configuration"));
}

absl::Status TokenSession::CheckMechanism(CK_SLOT_ID slot) {
  CK_MECHANISM_INFO info{};
  const CK_RV answer = module_->C_GetMechanismInfo(slot, CKM_AES_CMAC, &info);
  if (answer != CKR_OK && answer != CKR_MECHANISM_INVALID) {
    return Failure("say what it can do", answer);
  }
  if (answer == CKR_OK && (info.flags & CKF_SIGN) != 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the token cannot do AES-CMAC (CKM_AES_CMAC): take another one, or key files");
}

absl::Status TokenSession::Login(CK_SLOT_ID slot, std::string_view pin) {
  CK_SESSION_HANDLE session = 0;
  CK_RV answer =
      module_->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session);
  if (answer != CKR_OK) return Failure("open a session", answer);
  session_ = session;
  auto* const bytes = reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(pin.data()));
  answer = module_->C_Login(session, CKU_USER, bytes, pin.size());
  // Logins are the program's: another user of the same token may be in.
  if (answer == CKR_OK || answer == CKR_USER_ALREADY_LOGGED_IN) return absl::OkStatus();
  if (answer == CKR_PIN_INCORRECT || answer == CKR_PIN_INVALID || answer == CKR_PIN_LEN_RANGE) {
    return absl::PermissionDeniedError("the token refuses the PIN");
  }
  return Failure("log in", answer);
}

absl::StatusOr<std::vector<TokenSession::Key>> TokenSession::Find(std::string_view label) {
  return FindKeys(WrappingKeysLabelled(label));
}

absl::StatusOr<std::optional<TokenSession::Key>> TokenSession::FindOne(std::string_view label,
                                                                       const Uuid& id) {
  if (const auto known = known_.find(id); known != known_.end()) return known->second;
  std::vector<CK_ATTRIBUTE> wanted = WrappingKeysLabelled(label);
  wanted.push_back(Attribute(CKA_ID, id.bytes));
  ASSIGN_OR_RETURN(const std::vector<Key> found, FindKeys(std::move(wanted)));
  if (found.empty()) return std::optional<Key>();
  known_[id] = found.front();
  return found.front();
}

absl::StatusOr<std::vector<TokenSession::Key>> TokenSession::FindKeys(
    std::vector<CK_ATTRIBUTE> wanted) {
  ASSIGN_OR_RETURN(const std::vector<CK_OBJECT_HANDLE> handles, FindHandles(std::move(wanted)));
  std::vector<Key> keys;
  for (const CK_OBJECT_HANDLE handle : handles) {
    ASSIGN_OR_RETURN(const std::optional<Key> key, Describe(handle));
    if (key) keys.push_back(*key);
  }
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.id < b.id; });
  const auto twice = std::adjacent_find(keys.begin(), keys.end(),
                                        [](const Key& a, const Key& b) { return a.id == b.id; });
  if (twice == keys.end()) return keys;
  return absl::FailedPreconditionError(
      StrCat("the token has two keys with the id ", twice->id.ToString(),
             ": find out with the token's tools which one is another's, and relabel that one"));
}

absl::StatusOr<std::vector<CK_OBJECT_HANDLE>> TokenSession::FindHandles(
    std::vector<CK_ATTRIBUTE> wanted) {
  CK_RV answer = module_->C_FindObjectsInit(*session_, wanted.data(), wanted.size());
  if (answer != CKR_OK) return Failure("look for keys", answer);
  std::vector<CK_OBJECT_HANDLE> handles(kMaxKeys + 1);
  size_t found = 0;
  while (found < handles.size()) {
    CK_ULONG more = 0;
    answer =
        module_->C_FindObjects(*session_, handles.data() + found, handles.size() - found, &more);
    if (answer != CKR_OK || more == 0) break;
    found += more;
  }
  module_->C_FindObjectsFinal(*session_);
  if (answer != CKR_OK) return Failure("look for keys", answer);
  if (found > kMaxKeys) {
    return absl::ResourceExhaustedError(
        StrCat("the token has more than ", kMaxKeys, " keys of one label: is it the right one?"));
  }
  handles.resize(found);
  return handles;
}

// Nullopt when the key has gone since it was found.
absl::StatusOr<std::optional<TokenSession::Key>> TokenSession::Describe(CK_OBJECT_HANDLE handle) {
  Key key{handle, {}};
  CK_BBOOL sensitive = CK_FALSE;
  CK_BBOOL extractable = CK_TRUE;
  std::array<CK_ATTRIBUTE, 3> asked = {Attribute(CKA_ID, key.id.bytes),
                                       Attribute(CKA_SENSITIVE, sensitive),
                                       Attribute(CKA_EXTRACTABLE, extractable)};
  const CK_RV answer = module_->C_GetAttributeValue(*session_, handle, asked.data(), asked.size());
  if (IsGone(answer)) return std::optional<Key>();
  if (answer != CKR_OK && answer != CKR_BUFFER_TOO_SMALL) {
    return Failure("say what its keys are", answer);
  }
  if (answer == CKR_BUFFER_TOO_SMALL || asked[0].ulValueLen != key.id.bytes.size()) {
    return absl::FailedPreconditionError(
        "the token has a key with the label of wrapping keys whose id is no UUID: relabel it with "
        "the token's tools, or take another label");
  }
  if (sensitive == CK_TRUE && extractable == CK_FALSE) return std::optional<Key>(key);
  return absl::FailedPreconditionError(
      StrCat("the wrapping key ", key.id.ToString(),
             " could leave the token: it must be sensitive and not extractable"));
}

absl::Status TokenSession::Generate(std::string_view label, const Uuid& id) {
  CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, nullptr, 0};
  std::vector<CK_ATTRIBUTE> attributes = {Attribute(CKA_CLASS, kSecretKeyClass),
                                          Attribute(CKA_KEY_TYPE, kAes),
                                          Attribute(CKA_VALUE_LEN, kKeyBytes),
                                          Attribute(CKA_TOKEN, kTrue),
                                          Attribute(CKA_PRIVATE, kTrue),
                                          Attribute(CKA_SENSITIVE, kTrue),
                                          Attribute(CKA_EXTRACTABLE, kFalse),
                                          Attribute(CKA_SIGN, kTrue),
                                          Attribute(CKA_VERIFY, kFalse),
                                          Attribute(CKA_ENCRYPT, kFalse),
                                          Attribute(CKA_DECRYPT, kFalse),
                                          Attribute(CKA_WRAP, kFalse),
                                          Attribute(CKA_UNWRAP, kFalse),
                                          Attribute(CKA_DERIVE, kFalse),
                                          Text(CKA_LABEL, label),
                                          Attribute(CKA_ID, id.bytes)};
  CK_OBJECT_HANDLE handle = 0;
  const CK_RV answer =
      module_->C_GenerateKey(*session_, &mechanism, attributes.data(), attributes.size(), &handle);
  return answer == CKR_OK ? absl::OkStatus() : Failure("make a key", answer);
}

absl::Status TokenSession::Destroy(const Key& key) {
  known_.erase(key.id);
  const CK_RV answer = module_->C_DestroyObject(*session_, key.handle);
  if (answer == CKR_OK || IsGone(answer)) return absl::OkStatus();
  return Failure("destroy a key", answer);
}

absl::StatusOr<CmacBlock> TokenSession::Cmac(const Key& key, const CmacBlock& message) {
  CK_MECHANISM mechanism = {CKM_AES_CMAC, nullptr, 0};
  CmacBlock mac{};
  CK_ULONG size = mac.size();
  CK_RV answer = module_->C_SignInit(*session_, &mechanism, key.handle);
  if (answer == CKR_OK) {
    answer = module_->C_Sign(*session_, Bytes(message), message.size(), mac.data(), &size);
  }
  if (IsGone(answer)) {
    known_.erase(key.id);
    return absl::NotFoundError("the key has gone");
  }
  if (answer != CKR_OK) return Failure("use a key", answer);
  if (size != mac.size()) return Failure("do AES-CMAC as it should", CKR_DATA_LEN_RANGE);
  return mac;
}

}  // namespace caseledger::eventstore
