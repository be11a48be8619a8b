// Who gets in: every rpc of a real server over TLS, with one thing wrong at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/access/any_call.h"
#include "tests/integration/access/pki.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class IdentityTest : public ::testing::Test {
 protected:
  IdentityTest()
      : pki_(directory_ / "pki", {"so-qn", "ctxh-qn", "late"}),
        other_(directory_ / "other", {"so-qn"}),
        server_(directory_ / "data", {"a"}, pki_.ServerFlags()) {}

  std::shared_ptr<grpc::Channel> Connect(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(server_.address(), credentials, arguments);
  }

  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                           const std::string& token) {
    return CallAny(channel, path,
                   token.empty() ? std::vector<std::string>{} : std::vector{"Bearer " + token});
  }

  // Every rpc is refused with the reason; with good credentials none is, for whatever else may be
  // wrong with an empty request.
  void ExpectRefused(const std::shared_ptr<grpc::Channel>& channel, const std::string& token,
                     const std::string& reason) {
    for (const std::string& path : EveryPath()) {
      const grpc::Status refused = Call(channel, path, token);
      EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAUTHENTICATED)
          << path << " " << reason << ": " << refused.error_message();
      EXPECT_THAT(refused.error_message(), HasSubstr(reason)) << path;
    }
  }

  ScratchDirectory directory_;
  Pki pki_;
  Pki other_;
  ServerProcess server_;
};

TEST_F(IdentityTest, GoodCredentialsGetPastTheDoor) {
  const auto channel = Connect(pki_.Credentials("so-qn"));
  for (const std::string& token : {std::string(), pki_.Token("so-qn", "lan")}) {
    for (const std::string& path : EveryPath()) {
      EXPECT_NE(Call(channel, path, token).error_code(), grpc::StatusCode::UNAUTHENTICATED) << path;
    }
  }
}

TEST_F(IdentityTest, WithoutACertificateOfTheAuthorityThereIsNoConnection) {
  grpc::SslCredentialsOptions foreign;
  foreign.pem_root_certs = ReadFile(pki_.directory() + "/ca.crt");
  foreign.pem_cert_chain = ReadFile(other_.AgencyFile("so-qn", "agency.crt"));
  foreign.pem_private_key = ReadFile(other_.AgencyFile("so-qn", "agency.key"));
  for (const auto& credentials : {pki_.WithoutCertificate(), grpc::SslCredentials(foreign),
                                  grpc::InsecureChannelCredentials()}) {
    const auto channel = Connect(credentials);
    for (const std::string& path : EveryPath()) {
      EXPECT_EQ(Call(channel, path, pki_.Token("so-qn", "lan")).error_code(),
                grpc::StatusCode::UNAVAILABLE)
          << path;
    }
  }
}

TEST_F(IdentityTest, WrongTokensAreRefusedByEveryRpc) {
  const auto channel = Connect(pki_.Credentials("so-qn"));
  const auto with = [](const std::function<void(Pki::Claims&)>& change) {
    Pki::Claims claims = Pki::GoodClaims("so-qn", "lan");
    change(claims);
    return claims;
  };
  const std::string other_key = other_.directory() + "/token.key";
  ExpectRefused(channel, pki_.Token("ctxh-qn", "lan"), "AGENCY_MISMATCH");
  ExpectRefused(channel, pki_.Token(with([](auto& c) { c.texts.erase("agency"); })),
                "AGENCY_MISSING");
  ExpectRefused(channel, pki_.Token(Pki::GoodClaims("so-qn", "lan"), "none"), "TOKEN_INVALID");
  ExpectRefused(channel, pki_.Token(Pki::GoodClaims("so-qn", "lan"), "HS256"), "TOKEN_INVALID");
  ExpectRefused(channel, pki_.Token(Pki::GoodClaims("so-qn", "lan"), "EdDSA", other_key),
                "TOKEN_INVALID");
  ExpectRefused(channel, pki_.Token(with([](auto& c) { c.texts["aud"] = "another"; })),
                "TOKEN_FOR_OTHER_AUDIENCE");
  ExpectRefused(channel, pki_.Token(with([](auto& c) { c.texts["iss"] = "another"; })),
                "TOKEN_OF_OTHER_ISSUER");
  ExpectRefused(channel, pki_.Token(with([](auto& c) { c.numbers["exp"] -= 7200; })),
                "TOKEN_EXPIRED");
  ExpectRefused(channel, pki_.Token(with([](auto& c) { c.numbers.erase("exp"); })),
                "TOKEN_INVALID");
  ExpectRefused(channel, pki_.Token(with([](auto& c) { c.numbers["nbf"] += 1800; })),
                "TOKEN_NOT_YET_VALID");
  ExpectRefused(channel, "no.token", "TOKEN_INVALID");
}

TEST_F(IdentityTest, RevokedCertificatesAreRefusedOnOpenConnections) {
  const auto channel = Connect(pki_.Credentials("late"));
  const std::string head = "/caseledger.v1.HistoryService/GetLedgerHead";
  ASSERT_NE(Call(channel, head, "").error_code(), grpc::StatusCode::UNAUTHENTICATED);
  pki_.Run("revoke", {"late"});
  ASSERT_TRUE(Eventually(
      [&] { return Call(channel, head, "").error_code() == grpc::StatusCode::UNAUTHENTICATED; }));
  ExpectRefused(channel, pki_.Token("late", "lan"), "CERTIFICATE_REVOKED");
  ExpectRefused(Connect(pki_.Credentials("late")), "", "CERTIFICATE_REVOKED");
  EXPECT_NE(Call(Connect(pki_.Credentials("so-qn")), head, "").error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(IdentityTest, AnotherCertificateOfTheServerIsTakenWhileItRuns) {
  const auto certificate_seen = [&] {
    const auto channel = Connect(pki_.Credentials("so-qn"));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::GetLedgerHeadResponse response;
    v1::HistoryService::NewStub(channel)->GetLedgerHead(&context, {}, &response);
    const auto seen = context.auth_context()->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    return seen.empty() ? std::string() : std::string(seen[0].data(), seen[0].size());
  };
  const auto certificate_file = [&] {
    const std::string file = ReadFile(pki_.directory() + "/server/server.crt");
    return file.substr(file.find("-----BEGIN"));
  };
  const std::string first = certificate_file();
  ASSERT_EQ(certificate_seen(), first);
  for (int i = 0; i < 3; ++i) pki_.Run("server", {"ledger.example.org"});
  ASSERT_NE(certificate_file(), first);
  EXPECT_TRUE(Eventually([&] { return certificate_seen() == certificate_file(); }));
}

TEST_F(IdentityTest, ALedgerWithoutRulesAllowsNothingOverTls) {
  const auto channel = Connect(pki_.Credentials("so-qn"));
  EXPECT_EQ(Call(channel, "/caseledger.v1.HistoryService/GetLedgerHead", pki_.Token("so-qn", "lan"))
                .error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST(ServerWithoutIdentities, DoesNotStart) {
  const ScratchDirectory directory;
  const Finished refused = RunToEnd({CASELEDGERD_PATH, "--data-dir", directory / "data", "--ledger",
                                     "a", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.out + refused.err, HasSubstr("deploy/pki.sh"));
  const Finished open =
      RunToEnd({CASELEDGERD_PATH, "--data-dir", directory / "data", "--ledger", "a", "--plaintext",
                "--listen", "0.0.0.0:0", "--token-keys", "keys.json"});
  EXPECT_EQ(open.code, 1);
  EXPECT_THAT(open.out + open.err, HasSubstr("without TLS"));
  const Finished nameless = RunToEnd({CASELEDGERD_PATH, "--data-dir", directory / "data",
                                      "--ledger", "a", "--plaintext", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(nameless.code, 1);
  EXPECT_THAT(nameless.out + nameless.err, HasSubstr("--token-keys"));
}

}  // namespace
}  // namespace caseledger::testing
