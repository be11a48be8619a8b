#include "services/net/host_port.h"

#include "gtest/gtest.h"

namespace caseledger::net {
namespace {

TEST(HostPort, IsReadFromWhatFlagsSay) {
  struct Row {
    const char* text;
    const char* host;
    int port;
  };
  for (const Row& row : {Row{"127.0.0.1:7402", "127.0.0.1", 7402},
                         Row{"localhost:0", "localhost", 0}, Row{"[::1]:65535", "::1", 65535}}) {
    const auto parts = ParseHostPort(row.text);
    ASSERT_TRUE(parts.has_value()) << row.text;
    EXPECT_EQ(parts->host, row.host);
    EXPECT_EQ(parts->port, row.port);
  }
}

TEST(HostPort, AnythingElseIsRefused) {
  for (const char* text : {"", ":", "127.0.0.1", "127.0.0.1:", ":7402", "a:65536", "a:-1", "a:1x",
                           "a: 1", "::1:1", "[]:1", "[::1:1", "::1]:1", "[::1]"}) {
    EXPECT_FALSE(ParseHostPort(text).has_value()) << text;
  }
}

TEST(HostPortTest, AllAddressesAreRecognizedHoweverTheyAreSpelled) {
  for (const char* host : {"0.0.0.0", "0", "::", "::0", "0:0:0:0:0:0:0:0"}) {
    EXPECT_TRUE(IsAnyAddress(host)) << host;
  }
  for (const char* host : {"127.0.0.1", "::1", "10.0.0.0", "localhost", "db-1.example.org", ""}) {
    EXPECT_FALSE(IsAnyAddress(host)) << host;
  }
}

}  // namespace
}  // namespace caseledger::net
