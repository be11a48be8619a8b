// One address is listened on by one program, at all that its name stands for.
#include "services/net/listener.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

namespace caseledger::net {
namespace {

using ::testing::Gt;

std::unique_ptr<Listener> Opened(const std::string& address) {
  auto listener = Listener::Open(address);
  EXPECT_TRUE(listener.ok()) << listener.status();
  return listener.ok() ? *std::move(listener) : nullptr;
}

// Whether a connection to it is taken by the listener.
bool Connects(const Listener& listener) {
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(static_cast<uint16_t>(listener.port()));
  const bool connected = connect(client, reinterpret_cast<sockaddr*>(&name), sizeof(name)) == 0;
  const int accepted = connected ? listener.Accept() : -1;
  close(client);
  if (accepted >= 0) close(accepted);
  return accepted >= 0;
}

TEST(ListenerTest, PicksAFreePortAndAccepts) {
  const auto listener = Opened("127.0.0.1:0");
  ASSERT_NE(listener, nullptr);
  EXPECT_THAT(listener->port(), Gt(0));
  EXPECT_TRUE(Connects(*listener));
}

TEST(ListenerTest, ANameIsListenedOnAtTheAddressesItStandsFor) {
  const auto listener = Opened("localhost:0");
  ASSERT_NE(listener, nullptr);
  EXPECT_TRUE(Connects(*listener)) << "also if localhost is ::1 first";
}

TEST(ListenerTest, APortThatIsTakenCannotBeHad) {
  const auto first = Opened("127.0.0.1:0");
  ASSERT_NE(first, nullptr);
  const auto second = Listener::Open("127.0.0.1:" + std::to_string(first->port()));
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  EXPECT_TRUE(absl::IsInvalidArgument(Listener::Open("127.0.0.1").status()));
}

TEST(ListenerTest, StopEndsAWait) {
  const auto listener = Opened("127.0.0.1:0");
  ASSERT_NE(listener, nullptr);
  int accepted = 0;
  std::thread waiting([&] { accepted = listener->Accept(); });
  listener->Stop();
  waiting.join();
  EXPECT_EQ(accepted, -1);
}

}  // namespace
}  // namespace caseledger::net
