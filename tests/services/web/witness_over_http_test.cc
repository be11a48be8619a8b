// A witness and its log over real sockets.
#include "services/web/witness/witness_over_http.h"

#include "gmock/gmock.h"
#include "services/web/witness/witness_server.h"
#include "tests/eventstore/witness/witnessed_log.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/fake_clock.h"
#include "tests/support/raw_connection.h"

namespace caseledger::web {
namespace {

using eventstore::AddCheckpoint;
using eventstore::VerifyNote;
using testing::Exchange;
using testing::Fetch;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::WitnessedLog;

class WitnessingOverHttp : public ::testing::Test {
 protected:
  WitnessingOverHttp() {
    log_.GrowTo(700);
    eventstore::WitnessOptions options;
    options.key_file = directory_ / "key";
    options.state_dir = directory_ / "state";
    options.name = "witness.example/w1";
    options.logs = log_.Verifiers();
    options.clock = &clock_;
    options.random = &SystemRandom();
    auto witness = eventstore::Witness::Open(options);
    EXPECT_TRUE(witness.ok()) << witness.status();
    witness_ = *std::move(witness);
    auto server = StartWitnessServer("127.0.0.1:0", *witness_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  eventstore::VerifierKey key() const { return witness_->Verifiers()[0]; }
  std::string Flag() const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + " " + key().ToText();
  }
  std::string Post(const std::string& body, const std::string& path = "/add-checkpoint") {
    return Exchange(server_->port(), "POST " + path +
                                         " HTTP/1.1\r\nConnection: close\r\nContent-Length: " +
                                         std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  testing::ScratchDirectory directory_;
  testing::FakeClock clock_;
  WitnessedLog log_;
  std::unique_ptr<eventstore::Witness> witness_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(WitnessingOverHttp, ALogIsCosignedAsItGrows) {
  const auto address = WitnessAddress::Parse(Flag());
  ASSERT_TRUE(address.ok()) << address.status();
  const auto cosigner = WitnessOverHttp(*address);
  for (const uint64_t size : {1U, 256U, 700U, 700U}) {
    const auto signature = cosigner->Cosign(log_.At(size), log_.NoteAt(size), log_.Tiles());
    ASSERT_TRUE(signature.ok()) << signature.status();
    const auto verified = VerifyNote({log_.At(size).ToText(), {*signature}}, std::vector{key()});
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_THAT(*verified, SizeIs(1));
  }
  const auto after_restart = WitnessOverHttp(*address);
  EXPECT_TRUE(after_restart->Cosign(log_.At(700), log_.NoteAt(700), log_.Tiles()).ok());
  server_->Stop();
  const auto gone = cosigner->Cosign(log_.At(700), log_.NoteAt(700), log_.Tiles());
  EXPECT_TRUE(absl::IsUnavailable(gone.status())) << gone.status();
}

TEST_F(WitnessingOverHttp, AnswersAreThoseOfTheSpecification) {
  const std::string cosigned = Post(log_.Request(0, 300));
  EXPECT_THAT(cosigned, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(cosigned, HasSubstr("\r\n\r\n\u2014 witness.example/w1 "));
  const std::string conflict = Post(log_.Request(0, 300));
  EXPECT_THAT(conflict, StartsWith("HTTP/1.1 409 "));
  EXPECT_THAT(conflict, HasSubstr("Content-Type: text/x.tlog.size\r\n"));
  EXPECT_TRUE(conflict.ends_with("\r\n\r\n300\n")) << conflict;
  EXPECT_THAT(Post("old"), StartsWith("HTTP/1.1 400 "));
  WitnessedLog stranger("example.org/unknown");
  EXPECT_THAT(Post(stranger.Request(0, 0)), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Post(std::string(AddCheckpoint::kMaxBytes + 1, 'x')), StartsWith("HTTP/1.1 413 "));
}

TEST_F(WitnessingOverHttp, ThereIsOnePathAndOneMethod) {
  EXPECT_THAT(Post(log_.Request(0, 300), "/add-checkpoint/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Post(log_.Request(0, 300), "/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_EQ(Fetch(server_->port(), "/add-checkpoint").status, 405);
  EXPECT_EQ(Fetch(server_->port(), "/add-checkpoint", "PUT").status, 405);
  EXPECT_EQ(Fetch(server_->port(), "/state").status, 404);
}

TEST_F(WitnessingOverHttp, WhatIsNoWitnessIsRefusedWithTheReason) {
  EXPECT_TRUE(WitnessAddress::Parse(Flag()).ok());
  const std::string url = "http://127.0.0.1:7404";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "two parts"},
      {url, "two parts"},
      {url + " ", "verifier key"},
      {url + "  " + key().ToText(), "verifier key"},
      {"https://a " + key().ToText(), "http://"},
      {key().ToText() + " " + url, "http://"},
      {url + " " + log_.Verifiers()[0].ToText(), "that of a log"},
      {url + " " + log_.keys()[0].ToText(), "keep it secret"}};
  for (const auto& [text, why] : rows) {
    const auto address = WitnessAddress::Parse(text);
    EXPECT_TRUE(absl::IsInvalidArgument(address.status())) << text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr(why)) << text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr("NAME+HASH+KEY")) << text;
    EXPECT_THAT(std::string(address.status().message()), Not(HasSubstr("PRIVATE"))) << text;
  }
}

}  // namespace
}  // namespace caseledger::web
