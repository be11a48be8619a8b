// Wrapping keys in a token: the contract; what a key and a PIN file may be; tokens that go away.
#include "eventstore/vault/keys/pkcs11/pkcs11_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "eventstore/vault/keys/xaes.h"
#include "tests/eventstore/vault/faulty_module.h"
#include "tests/eventstore/vault/soft_token.h"
#include "tests/eventstore/vault/wrapping_keys_contract_suite.h"

namespace caseledger::eventstore::testing {
namespace {

namespace fs = std::filesystem;
using caseledger::testing::FakeClock;
using ::testing::HasSubstr;
using ::testing::Not;

class TokenHost final : public KeysHost {
 public:
  absl::StatusOr<std::unique_ptr<WrappingKeys>> Open(Clock& clock) override {
    const bool first = !std::exchange(has_keys_, true);
    return first ? Pkcs11Keys::CreateFirst(token_.options(), clock, SystemRandom())
                 : Pkcs11Keys::Open(token_.options(), clock, SystemRandom());
  }

 private:
  SoftToken token_;
  bool has_keys_ = false;
};

INSTANTIATE_TEST_SUITE_P(Pkcs11Keys, WrappingKeysContract,
                         ::testing::Values([] { return std::make_unique<TokenHost>(); }));

// A token with one wrapping key.
class Pkcs11KeysTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto made = Pkcs11Keys::CreateFirst(token_.options(), clock_, SystemRandom());
    ASSERT_TRUE(made.ok()) << made.status();
    const auto all = (*made)->List();
    ASSERT_TRUE(all.ok()) << all.status();
    id_ = all->back().id;
  }

  absl::StatusOr<std::unique_ptr<Pkcs11Keys>> Open() {
    return Pkcs11Keys::Open(token_.options(), clock_, SystemRandom());
  }
  absl::StatusOr<std::unique_ptr<Pkcs11Keys>> OpenFaulty() {
    absl::StatusOr<Pkcs11Module> real = LoadPkcs11Module(token_.options().module_path);
    if (!real.ok()) return real.status();
    return Pkcs11Keys::OpenWith(FaultyModule(*real), token_.options(), clock_, SystemRandom());
  }

  void ExpectRefused(const absl::Status& status, absl::StatusCode code, const std::string& says) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(says));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr(token_.pin())));
  }

  // As who may put keys into the token.
  CK_RV Import(const Uuid& id, const std::string& label, bool extractable) {
    CK_OBJECT_CLASS type = CKO_SECRET_KEY;
    CK_KEY_TYPE aes = CKK_AES;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL may_leave = extractable ? CK_TRUE : CK_FALSE;
    Uuid key_id = id;
    std::string key_label = label;
    std::array<uint8_t, kSecretKeyBytes> value = kKnown;
    return token_.Import({{CKA_CLASS, &type, sizeof(type)},
                          {CKA_KEY_TYPE, &aes, sizeof(aes)},
                          {CKA_TOKEN, &yes, sizeof(yes)},
                          {CKA_PRIVATE, &yes, sizeof(yes)},
                          {CKA_SENSITIVE, &yes, sizeof(yes)},
                          {CKA_EXTRACTABLE, &may_leave, sizeof(may_leave)},
                          {CKA_SIGN, &yes, sizeof(yes)},
                          {CKA_LABEL, key_label.data(), key_label.size()},
                          {CKA_ID, key_id.bytes.data(), key_id.bytes.size()},
                          {CKA_VALUE, value.data(), value.size()}});
  }

  static constexpr std::array<uint8_t, kSecretKeyBytes> kKnown = {7, 1, 7, 2, 7, 3};

  FakeClock clock_;
  const SecretKey data_key_ = SecretKey::Random(SystemRandom());
  SoftToken token_;
  Uuid id_;
};

TEST_F(Pkcs11KeysTest, GivesOutWhatAKeyFileWithTheSameBytesDoes) {
  clock_.Advance(kMicrosPerSecond);
  const Uuid known = Uuid::Generate(clock_, SystemRandom());
  ASSERT_EQ(Import(known, token_.options().key_label, false), CKR_OK);
  const auto keys = Open();
  ASSERT_TRUE(keys.ok()) << keys.status();
  const absl::StatusOr<std::string> wrapped = (*keys)->Wrap(known, data_key_, "a");
  ASSERT_TRUE(wrapped.ok()) << wrapped.status();
  XaesNonce nonce;
  std::copy_n(wrapped->begin(), nonce.size(), nonce.begin());
  const absl::StatusOr<std::string> opened =
      XaesOpen(SecretKey::Of(kKnown), nonce, std::string(known.raw()) + "a",
               std::string_view(*wrapped).substr(nonce.size()));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(*opened == data_key_.raw());
}

TEST_F(Pkcs11KeysTest, AKeyCannotLeaveTheTokenAndIsGoodForNothingElse) {
  std::string value;
  EXPECT_EQ(token_.Read(id_, CKA_VALUE, value), CKR_ATTRIBUTE_SENSITIVE);
  for (const CK_ATTRIBUTE_TYPE type :
       {CKA_EXTRACTABLE, CKA_ENCRYPT, CKA_DECRYPT, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE, CKA_VERIFY}) {
    EXPECT_EQ(token_.Read(id_, type, value), CKR_OK) << type;
    EXPECT_EQ(value, std::string(1, CK_FALSE)) << type;
  }
  for (const CK_ATTRIBUTE_TYPE type :
       {CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL, CKA_PRIVATE}) {
    EXPECT_EQ(token_.Read(id_, type, value), CKR_OK) << type;
    EXPECT_EQ(value, std::string(1, CK_TRUE)) << type;
  }
}

TEST_F(Pkcs11KeysTest, AKeyThatCouldLeaveTheTokenIsRefused) {
  ASSERT_EQ(Import(Uuid::Generate(clock_, SystemRandom()), token_.options().key_label, true),
            CKR_OK);
  ExpectRefused(Open().status(), absl::StatusCode::kFailedPrecondition, "could leave the token");
}

TEST_F(Pkcs11KeysTest, AKeyThatIsNoneOfOursIsRefused) {
  ASSERT_EQ(Import(Uuid::FromName({}, "version 5"), token_.options().key_label, false), CKR_OK);
  ExpectRefused(Open().status(), absl::StatusCode::kFailedPrecondition, "relabel it");
}

TEST_F(Pkcs11KeysTest, TwoKeysOfOneIdAreRefused) {
  ASSERT_EQ(Import(id_, token_.options().key_label, false), CKR_OK);
  ExpectRefused(Open().status(), absl::StatusCode::kFailedPrecondition, "two keys with the id");
}

TEST_F(Pkcs11KeysTest, KeysOfOtherLabelsAreLetBe) {
  Pkcs11Options other = token_.options();
  other.key_label = "another vault";
  const auto keys = Pkcs11Keys::CreateFirst(other, clock_, SystemRandom());
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ((*keys)->List()->size(), 1u);
  EXPECT_TRUE((*keys)->Destroy(id_).ok());
  const auto ours = Open();
  ASSERT_TRUE(ours.ok()) << ours.status();
  ASSERT_EQ((*ours)->List()->size(), 1u);
  EXPECT_EQ((*ours)->List()->front().id, id_);
}

TEST_F(Pkcs11KeysTest, MissingModulesTokensAndKeysAreUnavailable) {
  Pkcs11Options options = token_.options();
  const auto open = [&] { return Pkcs11Keys::Open(options, clock_, SystemRandom()).status(); };
  options.key_label = "none";
  ExpectRefused(open(), absl::StatusCode::kUnavailable, "has no key labelled none");
  options.login.token_label = "none";
  ExpectRefused(open(), absl::StatusCode::kUnavailable, "there is no token labelled none");
  options.module_path = "/none.so";
  ExpectRefused(open(), absl::StatusCode::kUnavailable, "cannot load the PKCS#11 module /none.so");
}

TEST_F(Pkcs11KeysTest, KeysThatAreThereAreNotMadeAgain) {
  ExpectRefused(Pkcs11Keys::CreateFirst(token_.options(), clock_, SystemRandom()).status(),
                absl::StatusCode::kAlreadyExists, "already");
}

TEST_F(Pkcs11KeysTest, ThePinFileIsItsUsersAlone) {
  const std::string& file = token_.options().login.pin_file;
  ASSERT_EQ(chmod(file.c_str(), 0640), 0);
  ExpectRefused(Open().status(), absl::StatusCode::kFailedPrecondition, "run `chmod 600 " + file);
  fs::rename(file, file + ".elsewhere");
  ExpectRefused(Open().status(), absl::StatusCode::kUnavailable, file);
  fs::create_symlink(file + ".elsewhere", file);
  ExpectRefused(Open().status(), absl::StatusCode::kFailedPrecondition, "is no regular file");
  fs::remove(file);
  token_.WritePin("");
  ExpectRefused(Open().status(), absl::StatusCode::kFailedPrecondition, "has no PIN");
  token_.WritePin(std::string(TokenLogin::kMaxPinBytes, '1'));
  ExpectRefused(Open().status(), absl::StatusCode::kResourceExhausted, file);
  token_.WritePin(token_.pin());
  EXPECT_TRUE(Open().ok());
}

TEST_F(Pkcs11KeysTest, AWrongPinIsNotTriedTwice) {
  token_.WritePin("00000000wrong");
  ExpectRefused(Open().status(), absl::StatusCode::kFailedPrecondition, "refuses the PIN");

  token_.WritePin(token_.pin());
  const auto keys = OpenFaulty();
  ASSERT_TRUE(keys.ok()) << keys.status();
  token_.WritePin("00000000wrong");
  Faults().sign = CKR_SESSION_HANDLE_INVALID;
  EXPECT_TRUE(absl::IsUnavailable((*keys)->Wrap(id_, data_key_, "a").status()));
  Faults().logins = 0;
  for (int call = 0; call < 5; ++call) {
    ExpectRefused((*keys)->Wrap(id_, data_key_, "a").status(), absl::StatusCode::kUnavailable,
                  "refuses the PIN");
    clock_.Advance(TokenLogin::kPause);
  }
  EXPECT_EQ(Faults().logins, 1) << "tokens lock themselves after a few wrong ones";
  token_.WritePin(token_.pin());
  EXPECT_TRUE((*keys)->Wrap(id_, data_key_, "a").ok());
}

TEST_F(Pkcs11KeysTest, ATokenThatWentAwayIsUnavailableAndLoggedIntoAgain) {
  const auto keys = OpenFaulty();
  ASSERT_TRUE(keys.ok()) << keys.status();
  const absl::StatusOr<std::string> wrapped = (*keys)->Wrap(id_, data_key_, "a");
  ASSERT_TRUE(wrapped.ok()) << wrapped.status();
  ASSERT_TRUE((*keys)->Create().ok());
  const auto expect_one_failure = [&](const char* what, CK_RV& fault, const auto& call) {
    SCOPED_TRACE(what);
    for (const CK_RV answer : {CKR_DEVICE_REMOVED, CKR_DEVICE_ERROR, CKR_SESSION_HANDLE_INVALID,
                               CKR_USER_NOT_LOGGED_IN, CKR_TOKEN_NOT_PRESENT}) {
      fault = answer;
      const int logins = Faults().logins;
      EXPECT_EQ(call(), absl::StatusCode::kUnavailable) << answer;
      EXPECT_EQ(Faults().logins, logins) << "not in the same call";
      EXPECT_EQ(call(), absl::StatusCode::kOk) << answer;
      EXPECT_EQ(Faults().logins, logins + 1);
    }
  };
  expect_one_failure("list", Faults().find, [&] { return (*keys)->List().status().code(); });
  expect_one_failure("wrap", Faults().sign,
                     [&] { return (*keys)->Wrap(id_, data_key_, "a").status().code(); });
  expect_one_failure("unwrap", Faults().sign,
                     [&] { return (*keys)->Unwrap(id_, *wrapped, "a").status().code(); });
  expect_one_failure("create", Faults().generate,
                     [&] { return (*keys)->Create().status().code(); });
  expect_one_failure("destroy", Faults().destroy,
                     [&] { return (*keys)->Destroy((*keys)->List().value().front().id).code(); });
}

TEST_F(Pkcs11KeysTest, WhileATokenIsAwayItIsNotAskedAtEachCall) {
  const auto keys = OpenFaulty();
  ASSERT_TRUE(keys.ok()) << keys.status();
  Faults().sign = CKR_DEVICE_REMOVED;
  EXPECT_TRUE(absl::IsUnavailable((*keys)->Wrap(id_, data_key_, "a").status()));
  Faults().open_session = CKR_DEVICE_REMOVED;
  Faults().sessions = 0;
  for (int call = 0; call < 5; ++call) {
    EXPECT_TRUE(absl::IsUnavailable((*keys)->Wrap(id_, data_key_, "a").status()));
  }
  EXPECT_EQ(Faults().sessions, 1);
  clock_.Advance(TokenLogin::kPause);
  EXPECT_TRUE((*keys)->Wrap(id_, data_key_, "a").ok());
}

TEST_F(Pkcs11KeysTest, ATokenThatCannotDoCmacIsRefused) {
  absl::StatusOr<Pkcs11Module> real = LoadPkcs11Module(token_.options().module_path);
  ASSERT_TRUE(real.ok()) << real.status();
  Pkcs11Module module = FaultyModule(*real);
  Faults().mechanism = CKR_MECHANISM_INVALID;
  ExpectRefused(
      Pkcs11Keys::OpenWith(std::move(module), token_.options(), clock_, SystemRandom()).status(),
      absl::StatusCode::kFailedPrecondition, "cannot do AES-CMAC");
}

TEST_F(Pkcs11KeysTest, ATokenThatIsTakenOutIsFoundWhenItIsPutBackIn) {
  fs::rename(token_.folder(), token_.folder() + ".out");
  fs::create_directory(token_.folder());
  ExpectRefused(Open().status(), absl::StatusCode::kUnavailable, "there is no token labelled");
  fs::remove(token_.folder());
  fs::rename(token_.folder() + ".out", token_.folder());
  EXPECT_TRUE(Open().ok());
}

TEST_F(Pkcs11KeysTest, ServersOfOneTokenSeeWhatTheOthersDo) {
  const auto one = Open();
  const auto two = Open();
  ASSERT_TRUE(one.ok() && two.ok()) << one.status() << two.status();
  const absl::StatusOr<std::string> wrapped = (*one)->Wrap(id_, data_key_, "a");
  ASSERT_TRUE(wrapped.ok()) << wrapped.status();
  EXPECT_TRUE((*two)->Unwrap(id_, *wrapped, "a").ok());
  const absl::StatusOr<WrappingKeyInfo> made = (*two)->Create();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ((*one)->List()->back().id, made->id);
  EXPECT_TRUE((*one)->Wrap(made->id, data_key_, "a").ok());
  EXPECT_TRUE((*one)->Destroy(id_).ok());
  EXPECT_TRUE(absl::IsNotFound((*two)->Unwrap(id_, *wrapped, "a").status()));
  EXPECT_EQ((*two)->List()->size(), 1u);
}

}  // namespace
}  // namespace caseledger::eventstore::testing
