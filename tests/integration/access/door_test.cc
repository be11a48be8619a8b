// Who gets in over TLS, by certificate and by clock: connections that are open, files that change,
// streams that last. The server is in the test's process, on a clock that only moves when told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "caseledger/v1/batch.grpc.pb.h"
#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/random.h"
#include "services/app/server/server.h"
#include "services/rpc/tls.h"
#include "tests/integration/access/any_call.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/fake_clock.h"
#include "tests/support/identities.h"
#include "tests/support/identity_channels.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;

// Before gRPC is used for the first time.
const bool kOnlyTls13 = [] {
  rpc::SpeakOnlyTls13();
  return true;
}();

constexpr char kAgency[] = "so-qn";
constexpr char kHead[] = "/caseledger.v1.HistoryService/GetLedgerHead";

using Channel = std::shared_ptr<grpc::Channel>;

class DoorTest : public ::testing::Test {
 protected:
  DoorTest() : identities_(directory_ / "pki") { identities_.Configure(options_); }
  ~DoorTest() override {
    if (server_ == nullptr) return;
    EXPECT_TRUE(server_->Shutdown().ok());
  }

  void SetUp() override {
    ASSERT_TRUE(kOnlyTls13);
    options_.data_dir = directory_ / "data";
    options_.listen = "127.0.0.1:0";
    options_.metrics_listen = "";
    options_.log_listen = "";
    options_.ledgers = {"quang-ninh"};
    options_.log_level = "off";
    // These tests connect as often as they can: who is refused is refused for who they are.
    options_.connections.new_per_second = 0;
    options_.connections.of_an_address = options_.connections.at_a_time;
    auto server = app::StartServer(options_, clock_, SystemRandom());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // A connection of its own.
  Channel Connect(const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()), credentials,
                                     arguments);
  }
  Channel Connect(const TestCertificate& certificate) const {
    return Connect(ChannelCredentialsOf(identities_.authority(), certificate));
  }
  TestCertificate Certificate(const CertificateRequest& request) {
    return identities_.authority().Issue(request);
  }
  static CertificateRequest Request(std::vector<std::string> names) {
    CertificateRequest request;
    request.names = std::move(names);
    return request;
  }
  static CertificateRequest AgencyRequest() {
    return Request({std::string("URI:urn:caseledger:agency:") + kAgency});
  }
  const std::string& Bearer() { return identities_.Bearer(kAgency, "lan"); }

  static void Prepare(grpc::ClientContext& context, const std::vector<std::string>& bearers) {
    for (const std::string& bearer : bearers) context.AddMetadata("authorization", bearer);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }
  // What the caller is let in to, or the reason of the refusal: both with the same call.
  static std::string ReasonAt(const std::string& path, const Channel& channel,
                              const std::vector<std::string>& bearers) {
    const grpc::Status status = CallAny(channel, path, bearers);
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) return "no connection";
    if (status.error_code() != grpc::StatusCode::UNAUTHENTICATED) return "let in";
    return status.error_message().substr(0, status.error_message().find(':'));
  }
  void ExpectEverywhere(const Channel& channel, const std::vector<std::string>& bearers,
                        const std::string& reason) {
    for (const std::string& path : EveryPath()) {
      EXPECT_EQ(ReasonAt(path, channel, bearers), reason) << path;
    }
  }
  // The files are looked at every second.
  void ExpectSoon(const Channel& channel, const std::string& reason) {
    EXPECT_TRUE(Eventually([&] { return ReasonAt(kHead, channel, {Bearer()}) == reason; }))
        << reason;
  }

  ScratchDirectory directory_;
  FakeClock clock_;
  Identities identities_;
  app::ServerOptions options_;
  std::unique_ptr<app::Server> server_;
};

TEST_F(DoorTest, GoodCredentialsAreLetInEverywhere) {
  const Channel channel = Connect(identities_.CertificateOf(kAgency));
  ExpectEverywhere(channel, {Bearer()}, "let in");
  ExpectEverywhere(channel, {}, "let in");
}

TEST_F(DoorTest, CertificatesThatNameNoAgencyAreRefusedEverywhere) {
  const std::vector<std::vector<std::string>> odd_names = {
      {},
      {"DNS:so-qn"},
      {"URI:urn:caseledger:agency:so-qn", "URI:urn:caseledger:agency:bv-qn"},
      {"URI:urn:caseledger:agency:caseledger"},
      {"URI:https://so-qn.example.org"}};
  for (const std::vector<std::string>& names : odd_names) {
    const Channel channel = Connect(Certificate(Request(names)));
    ExpectEverywhere(channel, {Bearer()}, "CERTIFICATE_INVALID");
    ExpectEverywhere(channel, {}, "CERTIFICATE_INVALID");
  }
}

TEST_F(DoorTest, TwoTokensAreRefusedEverywhere) {
  ExpectEverywhere(Connect(identities_.CertificateOf(kAgency)),
                   {Bearer(), identities_.Bearer(kAgency, "minh")}, "CALLER_UNKNOWN");
}

TEST_F(DoorTest, CertificatesOutsideTheirTimeGetNoConnection) {
  CertificateRequest expired = AgencyRequest();
  expired.not_after = kLongAgo + 1000;
  CertificateRequest early = AgencyRequest();
  early.not_before = kFarAhead - 1000;
  for (const CertificateRequest& request : {expired, early}) {
    ExpectEverywhere(Connect(Certificate(request)), {Bearer()}, "no connection");
  }
  EXPECT_EQ(ReasonAt(kHead, Connect(Certificate(AgencyRequest())), {Bearer()}), "let in");
}

TEST_F(DoorTest, ACertificateEndsOnAnOpenConnection) {
  const Channel channel = Connect(identities_.CertificateOf(kAgency));
  ExpectEverywhere(channel, {Bearer()}, "let in");
  clock_.Set((kFarAhead + 1) * kMicrosPerSecond);
  ExpectEverywhere(channel, {Bearer()}, "CERTIFICATE_EXPIRED");
  clock_.Set((kLongAgo - 1) * kMicrosPerSecond);
  ExpectEverywhere(channel, {Bearer()}, "CERTIFICATE_NOT_YET_VALID");
}

TEST_F(DoorTest, OlderVersionsOfTlsAreRefused) {
  const auto files = identities_.CertificateFilesOf(kAgency);
  const auto handshake = [&](const std::string& version) {
    return RunToEnd({"/usr/bin/openssl", "s_client", "-connect",
                     "127.0.0.1:" + std::to_string(server_->port()), "-CAfile",
                     identities_.client_ca_file(), "-cert", files.first, "-key", files.second,
                     "-alpn", "h2", version});
  };
  const Finished good = handshake("-tls1_3");
  EXPECT_THAT(good.out, HasSubstr("TLSv1.3, Cipher is TLS_"));
  EXPECT_THAT(good.out, HasSubstr("Verification: OK"));
  const Finished old = handshake("-tls1_2");
  EXPECT_NE(old.code, 0);
  EXPECT_THAT(old.out, HasSubstr("Cipher is (NONE)"));
}

TEST_F(DoorTest, TheServersCertificateIsExchangedWhileConnectionsStay) {
  const auto serial_seen_by = [&](const Channel& channel) {
    grpc::ClientContext context;
    Prepare(context, {Bearer()});
    v1::GetLedgerHeadResponse response;
    v1::HistoryService::NewStub(channel)->GetLedgerHead(&context, {}, &response);
    const auto certificates =
        context.auth_context()->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    return certificates.empty() ? "" : std::string(certificates[0].data(), certificates[0].size());
  };
  const Channel open = Connect(identities_.CertificateOf(kAgency));
  const std::string before = serial_seen_by(open);
  ASSERT_NE(before, "");
  identities_.ReplaceServerCertificate();
  EXPECT_TRUE(Eventually([&] {
    const std::string now = serial_seen_by(Connect(identities_.CertificateOf(kAgency)));
    return !now.empty() && now != before;
  })) << "new connections see the new one";
  EXPECT_EQ(serial_seen_by(open), before) << "the open one stays";
  EXPECT_EQ(open->GetState(false), GRPC_CHANNEL_READY);
}

TEST_F(DoorTest, AuthoritiesAreExchangedWhileConnectionsStay) {
  TestAuthority next("next authority");
  const TestCertificate of_next = next.IssueForAgency(kAgency);
  const Channel open = Connect(identities_.CertificateOf(kAgency));
  ASSERT_EQ(ReasonAt(kHead, open, {Bearer()}), "let in");
  ASSERT_EQ(ReasonAt(kHead, Connect(of_next), {Bearer()}), "no connection");

  identities_.WriteFile(identities_.revoked_file(), identities_.authority().List() + next.List());
  identities_.WriteFile(identities_.client_ca_file(),
                        identities_.authority().certificate_pem() + next.certificate_pem());
  EXPECT_TRUE(
      Eventually([&] { return ReasonAt(kHead, Connect(of_next), {Bearer()}) == "let in"; }));
  EXPECT_EQ(ReasonAt(kHead, open, {Bearer()}), "let in") << "both count meanwhile";
  const Channel open_of_next = Connect(of_next);
  ASSERT_EQ(ReasonAt(kHead, open_of_next, {Bearer()}), "let in");

  identities_.WriteFile(identities_.client_ca_file(), next.certificate_pem());
  identities_.WriteFile(identities_.revoked_file(), next.List());
  ExpectSoon(open, "CERTIFICATE_INVALID");
  EXPECT_TRUE(Eventually([&] {
    return ReasonAt(kHead, Connect(identities_.CertificateOf(kAgency)), {Bearer()}) ==
           "no connection";
  }));
  EXPECT_EQ(ReasonAt(kHead, open_of_next, {Bearer()}), "let in");
}

TEST_F(DoorTest, RevocationEndsCallsOnAnOpenConnectionWithinSeconds) {
  const Channel channel = Connect(identities_.CertificateOf(kAgency));
  ExpectEverywhere(channel, {Bearer()}, "let in");
  const auto begin = std::chrono::steady_clock::now();
  identities_.Revoke(identities_.CertificateOf(kAgency));
  ExpectSoon(channel, "CERTIFICATE_REVOKED");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  ExpectEverywhere(channel, {Bearer()}, "CERTIFICATE_REVOKED");
  ExpectEverywhere(channel, {}, "CERTIFICATE_REVOKED");
  EXPECT_EQ(ReasonAt(kHead, Connect(identities_.CertificateOf("bv-qn")), {}), "let in");
}

TEST_F(DoorTest, KeysOfTokensRollOver) {
  const TokenSigner next("next");
  const std::string bearer = "Bearer " + next.Sign(GoodClaims(kAgency, "lan"));
  const Channel channel = Connect(identities_.CertificateOf(kAgency));
  ExpectEverywhere(channel, {bearer}, "TOKEN_INVALID");
  identities_.WriteFile(identities_.token_keys_file(), KeySetOf({next.PublicKey()}));
  ExpectSoon(channel, "TOKEN_INVALID");  // the old key is gone
  ExpectEverywhere(channel, {bearer}, "let in");
}

// A batch stays open between messages; each message is judged anew.
TEST_F(DoorTest, AnOpenBatchEndsWithItsCredentials) {
  const Channel channel = Connect(identities_.CertificateOf(kAgency));
  grpc::ClientContext context;
  nlohmann::json claims = GoodClaims(kAgency, "lan");
  const int64_t now = clock_.Now() / kMicrosPerSecond;
  claims["exp"] = now + 1000;
  Prepare(context, {"Bearer " + identities_.signer().Sign(claims)});
  const auto stream = v1::BatchService::NewStub(channel)->Execute(&context);
  v1::ExecuteRequest request;
  *request.add_commands() = CommandOf("a", "agency_registered { kind: 'hospital' name_vi: 'A' }");
  v1::ExecuteResponse response;
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response)) << "answered, whatever the answer";
  clock_.Set((now + 1061) * kMicrosPerSecond);
  stream->Write(request);
  EXPECT_FALSE(stream->Read(&response)) << "nothing more is answered";
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Explain(status).reason, "TOKEN_EXPIRED");
}

}  // namespace
}  // namespace caseledger::testing
