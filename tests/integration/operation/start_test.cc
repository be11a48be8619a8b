// The program `caseledgerd` as it is started: what it takes, what it refuses.
#include <signal.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <utility>

#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "gmock/gmock.h"
#include "tests/integration/support/cast.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class StartOfServer : public ::testing::Test {
 protected:
  // Must end by itself with 1 and say why.
  void ExpectRefused(const std::vector<std::string>& flags, const std::string& why) {
    std::vector<std::string> arguments = {CASELEDGERD_PATH};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Finished finished = RunToEnd(arguments);
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(why));
  }
  // With TLS.
  std::vector<std::string> Flags(const std::string& data, const std::string& listen) {
    return Flags(data, listen, cast_.ServerFlags());
  }
  // On plain text, where tokens alone say who calls.
  std::vector<std::string> PlaintextFlags(const std::string& data, const std::string& listen) {
    return Flags(data, listen,
                 {"--plaintext", "--token-keys", cast_.identities().token_keys_file(),
                  "--token-issuer", kTestIssuer, "--token-audience", kTestAudience});
  }

  // Where the server listens, which it writes to its `--port-file`.
  std::string AddressOf(ChildProcess& server, const std::string& port_file) {
    EXPECT_TRUE(server.WaitForError("\"address\":\"")) << server.err();
    EXPECT_TRUE(Eventually([&] { return std::filesystem::exists(port_file); }));
    std::string address = ReadWholeFile(port_file);
    address.pop_back();
    return address;
  }
  void ExpectEndsWell(ChildProcess& server) {
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), 0) << server.err();
  }

  ScratchDirectory directory_;
  Cast cast_{directory_ / "pki"};

 private:
  std::vector<std::string> Flags(const std::string& data, const std::string& listen,
                                 const std::vector<std::string>& identity) {
    std::vector<std::string> flags = {"--data-dir", directory_ / data, "--ledger",
                                      "a",          "--log-listen",    "none"};
    flags.insert(flags.end(), identity.begin(), identity.end());
    flags.insert(flags.end(), {"--listen", listen, "--metrics-listen", ""});
    return flags;
  }
};

TEST_F(StartOfServer, PlainTextIsForLoopbackAddresses) {
  for (const char* address :
       {"0.0.0.0:7400", "192.168.1.5:0", "[::]:0", "127.0.0.1.example.org:0"}) {
    ExpectRefused(PlaintextFlags("data", address), "without TLS");
  }
}

TEST_F(StartOfServer, OnPlainTextATokenSaysWhoCalls) {
  cast_.Begin(directory_ / "data", "a", SystemClock());
  std::vector<std::string> arguments = PlaintextFlags("data", "127.0.0.1:0");
  arguments.insert(arguments.begin(), CASELEDGERD_PATH);
  arguments.insert(arguments.end(), {"--port-file", directory_ / "port"});
  ChildProcess server(arguments);
  const std::string address = AddressOf(server, directory_ / "port");
  const auto head = [&](bool with_token) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    if (with_token) cast_.Introduce(context, Cast::Administrator());
    v1::GetLedgerHeadResponse response;
    return v1::HistoryService::NewStub(
               grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))
        ->GetLedgerHead(&context, v1::GetLedgerHeadRequest(), &response);
  };
  const grpc::Status known = head(true);
  EXPECT_TRUE(known.ok()) << known.error_message();
  EXPECT_EQ(head(false).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  ExpectEndsWell(server);
}

TEST_F(StartOfServer, MetricsAndTheLogAreServedToThisMachineAlone) {
  for (std::vector<std::string> flags :
       {Flags("data", "127.0.0.1:0"), PlaintextFlags("data", "127.0.0.1:0")}) {
    for (const size_t other_port : {flags.size() - 1, size_t{5}}) {
      flags[other_port] = "0.0.0.0:0";
      ExpectRefused(flags, "without TLS");
      flags[other_port] = "none";
    }
  }
}

TEST_F(StartOfServer, AnAddressNeedsAPortThatExists) {
  for (const char* address : {"127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "localhost:http"}) {
    ExpectRefused(Flags("data", address), "give a port");
  }
}

TEST_F(StartOfServer, OneDataDirectoryHasOneServer) {
  cast_.Begin(directory_ / "data", "a", SystemClock());
  ServerProcess first(directory_ / "data", {"a"}, cast_.ServerFlags());
  cast_.Serve(first.address());
  const Client client(cast_, "a", Cast::Administrator());
  const uint64_t head = client.EventCount();
  ExpectRefused(Flags("data", "127.0.0.1:0"), "another");
  EXPECT_EQ(client.EventCount(), head) << "the first goes on";
}

TEST_F(StartOfServer, OnePortHasOneServer) {
  ServerProcess first(directory_ / "data", {"a"}, cast_.ServerFlags());
  ExpectRefused(Flags("other", first.address()), "is another server running there?");
  std::vector<std::string> flags = Flags("other", "127.0.0.1:0");
  flags[5] = "127.0.0.1:" + std::to_string(first.log_port());
  ExpectRefused(flags, "--log-listen chooses another");
}

TEST_F(StartOfServer, ABadLedgerNameIsRefused) {
  std::vector<std::string> flags = Flags("data", "127.0.0.1:0");
  flags[3] = "Quảng Ninh";
  ExpectRefused(flags, "ledger");
}

TEST_F(StartOfServer, WhatSigningCannotUseIsRefusedBeforeAnythingIsMade) {
  for (const auto& [flag, value, why] : std::vector<std::array<std::string, 3>>{
           {"--origin-prefix", "has a space", "begins no log's name"},
           {"--origin-prefix", "a+b", "begins no log's name"},
           {"--origin-prefix", "log.example.org/", "no / at its ends"},
           {"--origin-prefix", "", "begins no log's name"},
           {"--new-origin", "b", "give one that --ledger names"}}) {
    std::vector<std::string> flags = Flags("data", "127.0.0.1:0");
    flags.insert(flags.end(), {flag, value});
    ExpectRefused(flags, why);
  }
  EXPECT_FALSE(std::filesystem::exists(directory_ / "data"));
}

TEST_F(StartOfServer, WitnessesThatAreNeededMustBeThere) {
  std::vector<std::string> flags = Flags("data", "127.0.0.1:0");
  flags.insert(flags.end(), {"--min-witnesses", "1"});
  ExpectRefused(flags, "give each with --witness");
}

// A flag that was meant for one start and stays in a unit file is heard of at each.
TEST_F(StartOfServer, FlagsForOneStartAreWarnedOf) {
  std::vector<std::string> arguments = {CASELEDGERD_PATH};
  for (const std::string& flag : Flags("data", "127.0.0.1:0")) arguments.push_back(flag);
  arguments.insert(arguments.end(), {"--accept-lost-checkpoint", "--new-origin", "a"});
  ChildProcess server(arguments);
  ASSERT_TRUE(server.WaitForError("\"address\":\"")) << server.err();
  EXPECT_THAT(server.err(), HasSubstr("start without --accept-lost-checkpoint"));
  EXPECT_THAT(server.err(), HasSubstr("start without --new-origin"));
  ExpectEndsWell(server);
}

TEST_F(StartOfServer, AConfigurationFileWorksAndFlagsWin) {
  for (const char* ledger : {"from-file", "second"}) {
    cast_.Begin(directory_ / "data", ledger, SystemClock());
  }
  const Identities& identities = cast_.identities();
  std::string text = "ledger = [\"from-file\", \"second\"]\n";
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"data-dir", directory_ / "data"},
           {"listen", "0.0.0.0:0"},
           {"metrics-listen", ""},
           {"log-listen", "none"},
           {"tls-cert", identities.server_certificate_file()},
           {"tls-key", identities.server_key_file()},
           {"client-ca", identities.client_ca_file()},
           {"revoked", identities.revoked_file()},
           {"token-issuer", kTestIssuer},
           {"token-audience", kTestAudience}}) {
    text += name + " = \"" + value + "\"\n";
  }
  text += "token-keys = [\"" + identities.token_keys_file() + "\"]\n";
  WriteWholeFile(directory_ / "server.toml", text);
  ChildProcess server({CASELEDGERD_PATH, "--config", directory_ / "server.toml", "--listen",
                       "127.0.0.1:0", "--port-file", directory_ / "port"});
  const std::string address = AddressOf(server, directory_ / "port");
  EXPECT_THAT(address, StartsWith("127.0.0.1:"));
  cast_.Serve(address);
  for (const char* ledger : {"from-file", "second"}) {
    EXPECT_GT(Client(cast_, ledger, Cast::Administrator()).EventCount(), 0u) << ledger;
  }
  ExpectEndsWell(server);
}

TEST_F(StartOfServer, AMisspeltNameInAConfigurationFileIsRefused) {
  WriteWholeFile(directory_ / "server.toml", "data-dri = \"/mnt/safe\"\n");
  std::vector<std::string> flags = Flags("data", "127.0.0.1:0");
  flags.insert(flags.end(), {"--config", directory_ / "server.toml"});
  ExpectRefused(flags, "data-dri");
}

TEST_F(StartOfServer, MetricsCanBeLeftOut) {
  WriteWholeFile(directory_ / "none.toml", "metrics-listen = \"none\"\n");
  const std::vector<std::vector<std::string>> ways = {{"--metrics-listen", "none"},
                                                      {"--metrics-listen=none"},
                                                      {"--metrics-listen", ""},
                                                      {"--metrics-listen="},
                                                      {"--config", directory_ / "none.toml"}};
  for (const std::vector<std::string>& way : ways) {
    std::vector<std::string> arguments = {CASELEDGERD_PATH};
    arguments.insert(arguments.end(), way.begin(), way.end());
    for (const std::string& flag : Flags("data", "127.0.0.1:0")) arguments.push_back(flag);
    arguments.resize(arguments.size() - 2);  // without the metrics flag of its own
    ChildProcess server(arguments);
    EXPECT_TRUE(server.WaitForError("\"metrics_port\":\"0\"")) << way.back() << server.err();
    ExpectEndsWell(server);
  }
  EXPECT_THAT(RunToEnd({CASELEDGERD_PATH, "--help"}).out, HasSubstr("or `none`"));
}

TEST_F(StartOfServer, MalformedRequestsDoNotFillTheLog) {
  cast_.Begin(directory_ / "data", "a", SystemClock());
  ServerProcess server(directory_ / "data", {"a"}, cast_.ServerFlags());
  cast_.Serve(server.address());
  const Client client(cast_, "a", Who{"lan", "ctxh-qn", "case_worker"});
  const std::string bytes("\x12\x02\xff\xfe", 4);  // an id that is not UTF-8
  const grpc::Slice slice(bytes);
  grpc::ByteBuffer reply;
  const grpc::Status status =
      client.CallRaw("/caseledger.v1.CaseworkService/GetCase", grpc::ByteBuffer(&slice, 1), reply);
  EXPECT_FALSE(status.ok());
  server.process().Signal(SIGTERM);
  EXPECT_EQ(server.process().Wait(), 0);
  EXPECT_EQ(server.process().err().find("protobuf"), std::string::npos) << server.process().err();
}

TEST_F(StartOfServer, WrongUseSaysHow) {
  const Finished finished = RunToEnd({CASELEDGERD_PATH, "--no-such-flag"});
  EXPECT_NE(finished.code, 0);
  EXPECT_EQ(RunToEnd({CASELEDGERD_PATH, "--help"}).code, 0);
  EXPECT_EQ(RunToEnd({CASELEDGERD_PATH, "--version"}).code, 0);
}

}  // namespace
}  // namespace caseledger::testing
