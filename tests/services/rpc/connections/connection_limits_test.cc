// Connections by address, bytes by pace, on a clock that only moves when told.
#include "services/rpc/connections/connection_limits.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

namespace caseledger::rpc {
namespace {

using Answer = ConnectionLimits::Answer;

constexpr Micros kSecond = kMicrosPerSecond;
constexpr uint64_t kMebibyte = 1 << 20;

sockaddr_storage Named(const std::string& address, uint16_t port) {
  sockaddr_storage storage{};
  auto& four = reinterpret_cast<sockaddr_in&>(storage);
  auto& six = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
  } else if (inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
  }
  return storage;
}

TEST(ConnectionAddressTest, IsWhatOneSubscriberHas) {
  struct Row {
    const char* peer;
    const char* address;
    const char* uri;  // as grpc_sockaddr_to_uri writes it
  };
  for (const Row& row :
       {Row{"10.0.0.7", "10.0.0.7", "ipv4:10.0.0.7:50123"},
        Row{"::ffff:10.0.0.7", "10.0.0.7", "ipv4:10.0.0.7:50123"},
        Row{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "ipv6:%5B2001:db8:1:2:3:4:5:6%5D:50123"},
        Row{"::1", "::/64", "ipv6:%5B::1%5D:50123"}, Row{"", "", ""}}) {
    const sockaddr_storage storage = Named(row.peer, 50123);
    EXPECT_EQ(AddressOf(reinterpret_cast<const sockaddr&>(storage)), row.address);
    EXPECT_EQ(PeerUriOf(reinterpret_cast<const sockaddr&>(storage)), row.uri);
  }
}

TEST(ConnectionLimitsTest, AnAddressHasItsNumberAndLeavesTheRestToOthers) {
  ConnectionLimits limits({.at_a_time = 4, .of_an_address = 2});
  EXPECT_EQ(limits.Enter("a", 0), Answer::kWelcome);
  EXPECT_EQ(limits.Enter("a", 0), Answer::kWelcome);
  EXPECT_EQ(limits.Enter("a", 0), Answer::kAddressFull);
  EXPECT_EQ(limits.Enter("b", 0), Answer::kWelcome);
  EXPECT_EQ(limits.Enter("c", 0), Answer::kWelcome);
  EXPECT_EQ(limits.Enter("d", 0), Answer::kServerFull);
  EXPECT_EQ(limits.open(), 4);
  limits.Leave("a");
  EXPECT_EQ(limits.open(), 3);
  EXPECT_EQ(limits.Enter("d", 0), Answer::kWelcome);
  limits.Leave("nobody");
  EXPECT_EQ(limits.open(), 4);
}

TEST(ConnectionLimitsTest, AnAddressMayNotConnectAgainAndAgain) {
  ConnectionLimits limits({.new_per_second = 10});
  for (int64_t i = 0; i < ConnectionLimits::kBurst; ++i) {
    ASSERT_EQ(limits.Enter("a", 0), Answer::kWelcome) << i;
    limits.Leave("a");
  }
  EXPECT_EQ(limits.Enter("a", 0), Answer::kTooFast);
  EXPECT_EQ(limits.Enter("b", 0), Answer::kWelcome);
  EXPECT_EQ(limits.Enter("a", kSecond / 10), Answer::kWelcome);
  EXPECT_EQ(limits.Enter("a", kSecond / 10), Answer::kTooFast);
}

TEST(ConnectionLimitsTest, AfterACutTheAddressGetsNoNewConnectionForAWhile) {
  ConnectionLimits limits({});
  ASSERT_EQ(limits.Enter("a", 0), Answer::kWelcome);
  ASSERT_EQ(limits.Enter("b", 0), Answer::kWelcome);
  limits.Cut("a", 0);
  limits.Cut("nobody", 0);
  EXPECT_EQ(limits.Enter("a", ConnectionLimits::kAfterCut - 1), Answer::kJustCut);
  EXPECT_EQ(limits.Enter("b", 1), Answer::kWelcome);
  EXPECT_EQ(limits.Enter("a", ConnectionLimits::kAfterCut), Answer::kWelcome);
}

TEST(ConnectionLimitsTest, ConnectionsOfAnAddressShareWhatMayComeInBeforeTheyAreKnown) {
  ConnectionLimits limits({.bytes_per_second = 1 << 20});
  ASSERT_EQ(limits.Enter("a", 0), Answer::kWelcome);
  ASSERT_EQ(limits.Enter("b", 0), Answer::kWelcome);
  EXPECT_TRUE(limits.InflowOf("a")->MayGoOn(Inflow::kBurstBytes, 0));
  EXPECT_FALSE(limits.InflowOf("a")->MayGoOn(kMebibyte, 0));
  EXPECT_TRUE(limits.InflowOf("b")->MayGoOn(kMebibyte, 0));
}

TEST(ConnectionLimitsTest, WithoutAPaceNobodyIsTooFast) {
  ConnectionLimits limits({.new_per_second = 0});
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(limits.Enter("a", 0), Answer::kWelcome) << i;
    limits.Leave("a");
  }
}

TEST(ConnectionLimitsTest, AddressesThatRestAreForgotten) {
  ConnectionLimits limits({});
  Micros now = 0;
  ASSERT_EQ(limits.Enter("stays", now), Answer::kWelcome);
  for (int i = 0; i < 50'000; ++i, now += kSecond) {
    const std::string address = std::to_string(i);
    ASSERT_EQ(limits.Enter(address, now), Answer::kWelcome) << i;
    limits.Leave(address);
  }
  EXPECT_LT(limits.known(), 10'000u);
  EXPECT_EQ(limits.open(), 1);
  limits.Leave("stays");
  EXPECT_EQ(limits.open(), 0);
}

TEST(InflowTest, LetsABurstThroughAndThenAPace) {
  Inflow inflow(int64_t{1} << 20);
  EXPECT_TRUE(inflow.MayGoOn(Inflow::kBurstBytes, 0));
  EXPECT_FALSE(inflow.MayGoOn(kMebibyte, 0));
  EXPECT_TRUE(inflow.MayGoOn(0, kSecond)) << "that mebibyte has passed";
  EXPECT_TRUE(inflow.MayGoOn(kMebibyte, 2 * kSecond));
  EXPECT_FALSE(inflow.MayGoOn(kMebibyte, 2 * kSecond));
  EXPECT_FALSE(inflow.rested(2 * kSecond));
  EXPECT_TRUE(inflow.rested(60 * kSecond));
}

TEST(InflowTest, CountsWhatComesInDrops) {
  Inflow inflow(int64_t{1} << 20);
  uint64_t passed = 0;
  while (inflow.MayGoOn(1000, 0)) passed += 1000;
  EXPECT_NEAR(static_cast<double>(passed), static_cast<double>(Inflow::kBurstBytes), 1 << 14);
}

TEST(InflowTest, MoreThanACounterHoldsIsTooMuch) {
  EXPECT_FALSE(Inflow(int64_t{1} << 20).MayGoOn(~uint64_t{0}, 0));
  EXPECT_TRUE(Inflow(0).MayGoOn(~uint64_t{0}, 0)) << "no limit";
}

}  // namespace
}  // namespace caseledger::rpc
