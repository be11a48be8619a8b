// The program `caseledgerd` as it is started: what it takes, what it refuses.
#include <signal.h>

#include <array>
#include <filesystem>

#include "gmock/gmock.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;

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
  std::vector<std::string> Flags(const std::string& data, const std::string& listen) {
    return {"--data-dir",
            directory_ / data,
            "--ledger",
            "a",
            "--log-listen",
            "none",
            "--plaintext",
            "--listen",
            listen,
            "--metrics-listen",
            ""};
  }
  ScratchDirectory directory_;
};

TEST_F(StartOfServer, OnlyLoopbackAddressesAreTaken) {
  for (const char* address :
       {"0.0.0.0:7400", "192.168.1.5:0", "[::]:0", "127.0.0.1.example.org:0"}) {
    ExpectRefused(Flags("data", address), "without TLS");
  }
  std::vector<std::string> flags = Flags("data", "127.0.0.1:0");
  for (const size_t other_port : {flags.size() - 1, size_t{5}}) {
    flags[other_port] = "0.0.0.0:0";
    ExpectRefused(flags, "without TLS");
    flags[other_port] = "none";
  }
}

TEST_F(StartOfServer, AnAddressNeedsAPortThatExists) {
  for (const char* address : {"127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "localhost:http"}) {
    ExpectRefused(Flags("data", address), "give a port");
  }
}

TEST_F(StartOfServer, OneDataDirectoryHasOneServer) {
  ServerProcess first(directory_ / "data", {"a"});
  ExpectRefused(Flags("data", "127.0.0.1:0"), "another");
  EXPECT_EQ(Client(first.address()).EventCount(), 0u) << "the first goes on";
}

TEST_F(StartOfServer, OnePortHasOneServer) {
  ServerProcess first(directory_ / "data", {"a"});
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
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
}

TEST_F(StartOfServer, AConfigurationFileWorksAndFlagsWin) {
  WriteWholeFile(directory_ / "server.toml",
                 "data-dir = \"" + (directory_ / "data") +
                     "\"\nledger = [\"from-file\", \"second\"]\n"
                     "listen = \"0.0.0.0:1\"\nplaintext = true\nmetrics-listen = \"\"\nlog-listen "
                     "= \"none\"\n");
  ChildProcess server({CASELEDGERD_PATH, "--config", directory_ / "server.toml", "--listen",
                       "127.0.0.1:0", "--port-file", directory_ / "port"});
  ASSERT_TRUE(server.WaitForError("\"address\":\"")) << server.err();
  ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(directory_ / "port"); }));
  std::string address = ReadWholeFile(directory_ / "port");
  address.pop_back();
  EXPECT_EQ(Client(address, "from-file").EventCount(), 0u);
  EXPECT_EQ(Client(address, "second").EventCount(), 0u);
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0) << server.err();
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
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), 0);
  }
  EXPECT_THAT(RunToEnd({CASELEDGERD_PATH, "--help"}).out, HasSubstr("or `none`"));
}

TEST_F(StartOfServer, MalformedRequestsDoNotFillTheLog) {
  ServerProcess server(directory_ / "data", {"a"});
  const Client client(server.address());
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
