#include "services/access/identity/authenticator.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/fake_clock.h"
#include "tests/support/identities.h"

namespace caseledger::access {
namespace {

namespace fs = std::filesystem;
using testing::FakeClock;
using testing::GoodClaims;
using ::testing::HasSubstr;
using testing::Identities;
using ::testing::IsEmpty;
using testing::KeySetOf;
using ::testing::SizeIs;
using testing::TestAuthority;
using testing::TestCertificate;
using testing::TokenSigner;

class AuthenticatorTest : public ::testing::Test {
 protected:
  AuthenticatorTest() : identities_(folder_) {}
  ~AuthenticatorTest() override { fs::remove_all(folder_); }
  void SetUp() override {
    const absl::Status status = Open();
    ASSERT_TRUE(status.ok()) << status;
  }

  AuthenticatorOptions Options() {
    AuthenticatorOptions options;
    options.paths = {
        identities_.client_ca_file(), identities_.revoked_file(), {identities_.token_keys_file()}};
    options.token = {testing::kTestIssuer, testing::kTestAudience};
    options.clock = &clock_;
    options.on_files = [this](const absl::Status& status) { files_.push_back(status); };
    options.on_overdue = [this](Micros due) { overdue_.push_back(due); };
    return options;
  }
  absl::Status Open() { return Open(Options()); }
  absl::Status Open(AuthenticatorOptions options) {
    auto opened = Authenticator::Open(std::move(options));
    if (opened.ok()) authenticator_ = *std::move(opened);
    return opened.status();
  }
  absl::StatusOr<Call> Ask(const std::string& certificate, const std::string& authorization) {
    Credentials credentials;
    credentials.certificate_pem = certificate;
    credentials.authorization = authorization;
    return authenticator_->Authenticate(credentials);
  }
  absl::StatusOr<Call> AskAs(const std::string& agency, const std::string& person) {
    return Ask(identities_.CertificateOf(agency).certificate_pem,
               identities_.Bearer(agency, person));
  }
  static std::string ReasonOf(const absl::StatusOr<Call>& answer) {
    if (answer.ok()) return "";
    EXPECT_TRUE(absl::IsUnauthenticated(answer.status())) << answer.status();
    const std::string message(answer.status().message());
    return message.substr(0, message.find(':'));
  }

  const std::string folder_ = [] {
    std::string name = (fs::temp_directory_path() / "caseledger-identity-XXXXXX").string();
    return std::string(mkdtemp(name.data()));
  }();
  FakeClock clock_;
  Identities identities_;
  std::vector<absl::Status> files_;
  std::vector<Micros> overdue_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(AuthenticatorTest, WhoIsRefusedIsCountedByReason) {
  EXPECT_TRUE(AskAs("ctxh-qn", "lan").ok());
  EXPECT_EQ(ReasonOf(Ask("", "")), "CALLER_UNKNOWN");
  const std::string certificate = identities_.CertificateOf("ctxh-qn").certificate_pem;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ReasonOf(Ask(certificate, "Bearer x")), "TOKEN_INVALID");
  EXPECT_THAT(
      authenticator_->refused().Read(),
      ::testing::ElementsAre(::testing::Pair("CALLER_UNKNOWN", 1), ::testing::Pair("OTHER", 0),
                             ::testing::Pair("TOKEN_INVALID", 2)));
}

TEST_F(AuthenticatorTest, APersonIsKnownByCertificateAndToken) {
  for (int i = 0; i < 2; ++i) {  // read, then remembered
    const auto call = AskAs("ctxh-qn", "nv-07");
    ASSERT_TRUE(call.ok()) << call.status();
    EXPECT_EQ(call->actor, "nv-07");
    EXPECT_EQ(call->agency, "ctxh-qn");
    EXPECT_FALSE(call->is_program);
  }
}

TEST_F(AuthenticatorTest, AProgramIsKnownByItsCertificateAlone) {
  const auto call = Ask(identities_.CertificateOf("bv-qn").certificate_pem, "");
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_EQ(call->actor, kProgramActor);
  EXPECT_EQ(call->agency, "bv-qn");
  EXPECT_TRUE(call->is_program);
}

TEST_F(AuthenticatorTest, WithoutACertificateNobodyIsKnown) {
  EXPECT_EQ(ReasonOf(Ask("", "")), "CALLER_UNKNOWN");
  EXPECT_EQ(ReasonOf(Ask("", identities_.Bearer("ctxh-qn", "nv-07"))), "CALLER_UNKNOWN");
}

TEST_F(AuthenticatorTest, TheTokenIsOfTheCertificatesAgency) {
  EXPECT_EQ(ReasonOf(Ask(identities_.CertificateOf("bv-qn").certificate_pem,
                         identities_.Bearer("ctxh-qn", "nv-07"))),
            "AGENCY_MISMATCH");
}

TEST_F(AuthenticatorTest, OnlyBearerTokensCount) {
  const std::string certificate = identities_.CertificateOf("ctxh-qn").certificate_pem;
  const std::string token = identities_.Bearer("ctxh-qn", "nv-07").substr(7);
  EXPECT_EQ(ReasonOf(Ask(certificate, "bearer " + token)), "");
  for (const std::string& odd : {token, "Basic " + token, std::string("Bearer"),
                                 std::string("Bearer "), "Bearer  " + token}) {
    EXPECT_EQ(ReasonOf(Ask(certificate, odd)), "TOKEN_INVALID") << odd.substr(0, 8);
  }
  EXPECT_EQ(ReasonOf(Ask(certificate, "Bearer " + std::string(1 << 20, 'a'))), "TOKEN_INVALID");
}

TEST_F(AuthenticatorTest, StrangersCertificatesAreRefused) {
  TestAuthority stranger;
  EXPECT_EQ(ReasonOf(Ask(stranger.IssueForAgency("ctxh-qn").certificate_pem, "")),
            "CERTIFICATE_INVALID");
  EXPECT_EQ(ReasonOf(Ask(identities_.authority().Issue({}).certificate_pem, "")),
            "CERTIFICATE_INVALID");
  EXPECT_EQ(ReasonOf(Ask("nonsense", "")), "CERTIFICATE_INVALID");
}

TEST_F(AuthenticatorTest, ACertificateEndsAlsoOnAnOpenConnection) {
  testing::CertificateRequest request;
  request.names = {"URI:urn:caseledger:agency:ctxh-qn"};
  request.not_after = clock_.Now() / kMicrosPerSecond + 100;
  const std::string certificate = identities_.authority().Issue(request).certificate_pem;
  EXPECT_EQ(ReasonOf(Ask(certificate, "")), "");
  clock_.Advance(101 * kMicrosPerSecond);
  EXPECT_EQ(ReasonOf(Ask(certificate, "")), "CERTIFICATE_EXPIRED");
}

TEST_F(AuthenticatorTest, ARevokedCertificateIsRefusedFromTheNextLookAtTheList) {
  const TestCertificate bad = identities_.CertificateOf("ctxh-qn");
  EXPECT_EQ(ReasonOf(Ask(bad.certificate_pem, "")), "");
  identities_.Revoke(bad);
  authenticator_->Refresh();
  EXPECT_EQ(ReasonOf(Ask(bad.certificate_pem, "")), "CERTIFICATE_REVOKED");
  EXPECT_EQ(ReasonOf(AskAs("bv-qn", "bs-03")), "") << "others go on";
  EXPECT_EQ(ReasonOf(Ask(identities_.authority().IssueForAgency("ctxh-qn").certificate_pem, "")),
            "")
      << "a new certificate of the same agency is good";
}

TEST_F(AuthenticatorTest, ABadListChangesNothingAndIsTold) {
  const TestCertificate bad = identities_.CertificateOf("ctxh-qn");
  identities_.Revoke(bad);
  authenticator_->Refresh();
  TestAuthority stranger("test authority");
  for (const std::string& content : {std::string(), std::string("nonsense"), stranger.List()}) {
    files_.clear();
    identities_.WriteFile(identities_.revoked_file(), content);
    authenticator_->Refresh();
    authenticator_->Refresh();
    ASSERT_THAT(files_, SizeIs(1)) << "told once";
    EXPECT_THAT(std::string(files_[0].message()), HasSubstr("--revoked"));
    EXPECT_EQ(ReasonOf(Ask(bad.certificate_pem, "")), "CERTIFICATE_REVOKED");
    EXPECT_EQ(ReasonOf(AskAs("bv-qn", "bs-03")), "");
    identities_.WriteFile(identities_.revoked_file(), identities_.authority().List());
    authenticator_->Refresh();
    EXPECT_TRUE(files_.back().ok()) << "all is well again";
  }
  files_.clear();
  fs::remove(identities_.revoked_file());
  authenticator_->Refresh();
  ASSERT_THAT(files_, SizeIs(1));
  EXPECT_EQ(ReasonOf(Ask(bad.certificate_pem, "")), "CERTIFICATE_REVOKED");
}

TEST_F(AuthenticatorTest, AnOverdueListHoldsAndIsToldEveryHour) {
  const int64_t now = clock_.Now() / kMicrosPerSecond;
  const TestCertificate bad = identities_.CertificateOf("ctxh-qn");
  identities_.authority().Revoke(bad);
  identities_.WriteFile(identities_.revoked_file(),
                        identities_.authority().List(now - 100, now + 100));
  authenticator_->Refresh();
  EXPECT_THAT(overdue_, IsEmpty());
  clock_.Advance(200 * kMicrosPerSecond);
  for (int i = 0; i < 3; ++i) authenticator_->Refresh();
  EXPECT_THAT(overdue_, ::testing::ElementsAre((now + 100) * kMicrosPerSecond));
  clock_.Advance(3600 * kMicrosPerSecond);
  authenticator_->Refresh();
  EXPECT_THAT(overdue_, SizeIs(2));
  EXPECT_EQ(ReasonOf(Ask(bad.certificate_pem, "")), "CERTIFICATE_REVOKED");
  EXPECT_EQ(ReasonOf(AskAs("bv-qn", "bs-03")), "") << "nobody is locked out";
  ASSERT_TRUE(Open().ok()) << "nor does a restart fail";
  EXPECT_THAT(overdue_, SizeIs(3)) << "which tells it at once";
}

TEST_F(AuthenticatorTest, AnAuthorityThatIsTakenOutVouchesForNobodyAnyMore) {
  EXPECT_EQ(ReasonOf(AskAs("ctxh-qn", "nv-07")), "");
  TestAuthority next("next authority");
  identities_.WriteFile(identities_.client_ca_file(),
                        identities_.authority().certificate_pem() + next.certificate_pem());
  authenticator_->Refresh();
  EXPECT_EQ(ReasonOf(AskAs("ctxh-qn", "nv-07")), "")
      << "its list is still missing: nothing changed";
  identities_.WriteFile(identities_.revoked_file(), identities_.authority().List() + next.List());
  authenticator_->Refresh();
  const std::string certificate = next.IssueForAgency("ctxh-qn").certificate_pem;
  EXPECT_EQ(ReasonOf(Ask(certificate, "")), "");
  EXPECT_EQ(ReasonOf(AskAs("ctxh-qn", "nv-07")), "") << "both count meanwhile";
  identities_.WriteFile(identities_.client_ca_file(), next.certificate_pem());
  identities_.WriteFile(identities_.revoked_file(), next.List());
  authenticator_->Refresh();
  EXPECT_EQ(ReasonOf(AskAs("ctxh-qn", "nv-07")), "CERTIFICATE_INVALID");
  EXPECT_EQ(ReasonOf(Ask(certificate, "")), "");
}

TEST_F(AuthenticatorTest, KeysRollOver) {
  const TokenSigner next("next");
  const std::string certificate = identities_.CertificateOf("ctxh-qn").certificate_pem;
  const std::string old_token = identities_.Bearer("ctxh-qn", "nv-07");
  const std::string new_token = "Bearer " + next.Sign(GoodClaims("ctxh-qn", "nv-08"));
  EXPECT_EQ(ReasonOf(Ask(certificate, old_token)), "");
  EXPECT_EQ(ReasonOf(Ask(certificate, new_token)), "TOKEN_INVALID");
  identities_.WriteFile(identities_.token_keys_file(),
                        KeySetOf({identities_.signer().PublicKey(), next.PublicKey()}));
  authenticator_->Refresh();
  EXPECT_EQ(ReasonOf(Ask(certificate, old_token)), "");
  EXPECT_EQ(ReasonOf(Ask(certificate, new_token)), "");
  identities_.WriteFile(identities_.token_keys_file(), KeySetOf({next.PublicKey()}));
  authenticator_->Refresh();
  EXPECT_EQ(ReasonOf(Ask(certificate, old_token)), "TOKEN_INVALID")
      << "what was remembered goes with its key";
  EXPECT_EQ(ReasonOf(Ask(certificate, new_token)), "");
  identities_.WriteFile(identities_.token_keys_file(), "{}");
  authenticator_->Refresh();
  EXPECT_EQ(ReasonOf(Ask(certificate, new_token)), "") << "a bad file changes nothing";
  EXPECT_THAT(std::string(files_.back().message()), HasSubstr("--token-keys"));
}

TEST_F(AuthenticatorTest, ABrokenKeySetDoesNotKeepARevocationFromWorking) {
  const TestCertificate bad = identities_.CertificateOf("ctxh-qn");
  identities_.WriteFile(identities_.token_keys_file(), "{}");
  identities_.Revoke(bad);
  authenticator_->Refresh();
  EXPECT_EQ(ReasonOf(Ask(bad.certificate_pem, "")), "CERTIFICATE_REVOKED");
}

TEST_F(AuthenticatorTest, ARememberedTokenStillEnds) {
  nlohmann::json claims = GoodClaims("ctxh-qn", "nv-07");
  claims["exp"] = clock_.Now() / kMicrosPerSecond + 100;
  const std::string bearer = "Bearer " + identities_.signer().Sign(claims);
  const std::string certificate = identities_.CertificateOf("ctxh-qn").certificate_pem;
  EXPECT_EQ(ReasonOf(Ask(certificate, bearer)), "");
  clock_.Advance(159 * kMicrosPerSecond);
  EXPECT_EQ(ReasonOf(Ask(certificate, bearer)), "");
  clock_.Advance(2 * kMicrosPerSecond);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ReasonOf(Ask(certificate, bearer)), "TOKEN_EXPIRED");
}

TEST_F(AuthenticatorTest, RememberingIsBounded) {
  AuthenticatorOptions options = Options();
  options.max_cached_tokens = 2;
  options.max_cached_certificates = 2;
  ASSERT_TRUE(Open(std::move(options)).ok());
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 8; ++i) {
      const std::string agency = "agency-" + std::to_string(i);
      const auto call = AskAs(agency, "nv-" + std::to_string(i));
      ASSERT_TRUE(call.ok()) << call.status();
      EXPECT_EQ(call->agency, agency) << "never another one's";
      EXPECT_EQ(call->actor, "nv-" + std::to_string(i));
    }
  }
}

// What was found with one set of files never counts as found with another.
TEST_F(AuthenticatorTest, ManyAskWhileFilesChange) {
  constexpr int kThreads = 4;
  constexpr int kChanges = 40;
  AuthenticatorOptions options = Options();
  options.on_files = nullptr;
  options.max_cached_tokens = 3;
  ASSERT_TRUE(Open(std::move(options)).ok());
  const TokenSigner next("next");
  const std::string good = identities_.CertificateOf("ctxh-qn").certificate_pem;
  const std::string bad = identities_.CertificateOf("bv-qn").certificate_pem;
  std::vector<std::string> bearers;
  for (int i = 0; i < kThreads; ++i) {
    bearers.push_back(identities_.Bearer("ctxh-qn", "nv-" + std::to_string(i)));
  }
  identities_.Revoke(identities_.CertificateOf("bv-qn"));
  authenticator_->Refresh();
  std::atomic<bool> ended = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> let_in = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      while (!ended) {
        const auto call = Ask(good, bearers[static_cast<size_t>(i)]);
        if (call.ok()) ++let_in;
        const bool mine = call.ok() ? call->actor == "nv-" + std::to_string(i)
                                    : ReasonOf(call) == "TOKEN_INVALID";
        if (!mine || ReasonOf(Ask(bad, "")) != "CERTIFICATE_REVOKED") ++wrong;
      }
    });
  }
  for (int i = 0; i < kChanges; ++i) {
    const TokenSigner& signer = i % 2 == 0 ? next : identities_.signer();
    identities_.WriteFile(identities_.token_keys_file(), KeySetOf({signer.PublicKey()}));
    identities_.WriteFile(identities_.revoked_file(),
                          identities_.authority().List(testing::kLongAgo + i));
    authenticator_->Refresh();
    const bool known = i % 2 != 0;
    EXPECT_EQ(ReasonOf(Ask(good, bearers[0])), known ? "" : "TOKEN_INVALID") << i;
  }
  ended = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(let_in, 0);
}

TEST_F(AuthenticatorTest, OnPlainTextTheTokensAgencyCounts) {
  AuthenticatorOptions options = Options();
  options.plaintext = true;
  options.paths.client_ca.clear();
  options.paths.revoked.clear();
  ASSERT_TRUE(Open(std::move(options)).ok());
  EXPECT_EQ(ReasonOf(Ask("", "")), "CALLER_UNKNOWN") << "programs cannot call";
  const auto call = Ask("", identities_.Bearer("ctxh-qn", "nv-07"));
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_EQ(call->agency, "ctxh-qn");
}

TEST_F(AuthenticatorTest, PurposeAndWarrantAreKeys) {
  Credentials credentials;
  credentials.certificate_pem = identities_.CertificateOf("ctxh-qn").certificate_pem;
  credentials.purpose = "audit";
  credentials.warrant = "15/LKX-CSDT";
  credentials.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto call = authenticator_->Authenticate(credentials);
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_EQ(call->purpose, "audit");
  EXPECT_EQ(call->warrant, "15/LKX-CSDT");
  EXPECT_EQ(call->traceparent, credentials.traceparent);
  credentials.purpose = "to look around";
  EXPECT_TRUE(absl::IsInvalidArgument(authenticator_->Authenticate(credentials).status()));
}

TEST_F(AuthenticatorTest, WhatIsMissingAtTheStartIsTold) {
  const auto expect_refused = [this](AuthenticatorOptions options, const std::string& flag) {
    const absl::Status status = Open(std::move(options));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << flag;
    EXPECT_THAT(std::string(status.message()), HasSubstr(flag));
  };
  AuthenticatorOptions options = Options();
  options.paths.client_ca.clear();
  expect_refused(options, "--client-ca is missing");
  options = Options();
  options.paths.revoked = folder_ + "/nowhere.pem";
  expect_refused(options, "--revoked: cannot read " + folder_ + "/nowhere.pem");
  options = Options();
  options.paths.revoked = folder_;
  expect_refused(options, "no regular file");
  options = Options();
  options.paths.token_keys.clear();
  expect_refused(options, "--token-keys is missing");
  options = Options();
  options.paths.token_keys.push_back(identities_.token_keys_file());
  expect_refused(options, "two keys of one id");
  options = Options();
  options.token.issuer.clear();
  expect_refused(options, "--token-issuer");
}

}  // namespace
}  // namespace caseledger::access
