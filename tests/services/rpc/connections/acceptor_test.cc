// Real connections on loopback, with a server that only reads.
#include "services/rpc/connections/acceptor.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace caseledger::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::chrono::seconds kLongEnough{60};

// Reads each connection to its end, as gRPC would.
class Reader {
 public:
  ~Reader() {
    for (std::thread& thread : threads_) thread.join();
  }
  void Take(int connection) {
    threads_.emplace_back([connection] {
      std::vector<char> buffer(1 << 16);
      while (read(connection, buffer.data(), buffer.size()) != 0) {
        pollfd wanted{connection, POLLIN, 0};
        poll(&wanted, 1, -1);
      }
      shutdown(connection, SHUT_RDWR);
      close(connection);
    });
  }

 private:
  std::deque<std::thread> threads_;  // only the acceptor's thread adds
};

class Connection {
 public:
  explicit Connection(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(static_cast<uint16_t>(port));
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&name), sizeof(name)) == 0;
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool connected() const { return connected_; }
  std::string peer() const {
    sockaddr_storage name{};
    socklen_t length = sizeof(name);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&name), &length);
    return PeerUriOf(reinterpret_cast<const sockaddr&>(name));
  }
  // False once the other side has gone.
  bool Pour(size_t bytes) const {
    const std::string drops(1 << 16, 'x');
    while (bytes > 0) {
      const ssize_t sent = send(socket_, drops.data(), std::min(bytes, drops.size()), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes -= static_cast<size_t>(sent);
    }
    return true;
  }
  // Waits until the other side closes.
  bool Ends() const {
    char byte = 0;
    return recv(socket_, &byte, 1, 0) <= 0;
  }

 private:
  const int socket_;
  bool connected_ = false;
};

class AcceptorTest : public ::testing::Test {
 protected:
  void Start(const ConnectionOptions& options) {
    auto listener = net::Listener::Open("127.0.0.1:0");
    ASSERT_TRUE(listener.ok()) << listener.status();
    acceptor_ = std::make_unique<Acceptor>(
        *std::move(listener), options,
        [this](Ending ending, const std::string& address) {
          const std::lock_guard lock(mutex_);
          (ending == Ending::kCut ? cut_ : refused_).push_back(address);
        },
        [this] { return now_.load(); });
    acceptor_->Start([this](int connection) { reader_.Take(connection); });
  }

  // The watch looks every few milliseconds, and tells nobody.
  static bool Eventually(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + kLongEnough;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  bool Becomes(int64_t open) const {
    return Eventually([&] { return acceptor_->open() == open; });
  }
  // Of all that were cut so far; told once they are gone.
  std::vector<std::string> CutOnes(size_t count) {
    EXPECT_TRUE(Eventually([&] { return cut().size() >= count; }));
    return cut();
  }
  std::vector<std::string> cut() {
    const std::lock_guard lock(mutex_);
    return cut_;
  }
  std::vector<std::string> refused() {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

  std::atomic<Micros> now_ = 0;  // moves only when told
  std::mutex mutex_;
  std::vector<std::string> cut_;
  std::vector<std::string> refused_;
  Reader reader_;
  std::unique_ptr<Acceptor> acceptor_;
};

TEST_F(AcceptorTest, CountsWhoCameAndWentAndRefusesMore) {
  Start({.of_an_address = 2});
  auto first = std::make_unique<Connection>(acceptor_->port());
  const Connection second(acceptor_->port());
  ASSERT_TRUE(Becomes(2));
  const Connection third(acceptor_->port());
  EXPECT_TRUE(third.Ends());
  EXPECT_THAT(refused(), ElementsAre("127.0.0.1"));
  first.reset();
  ASSERT_TRUE(Becomes(1));
  const Connection fourth(acceptor_->port());
  EXPECT_TRUE(Becomes(2));
  EXPECT_TRUE(fourth.Pour(1));
  EXPECT_THAT(cut(), IsEmpty());
}

TEST_F(AcceptorTest, CutsAConnectionOnWhichMoreComesThanMay) {
  Start({.bytes_per_second = 1 << 20});
  const Connection quiet(acceptor_->port());
  const Connection pouring(acceptor_->port());
  ASSERT_TRUE(Becomes(2));
  acceptor_->Belongs(quiet.peer(), "ctxh-qn");
  EXPECT_FALSE(pouring.Pour(size_t{8} << 30));
  EXPECT_TRUE(Becomes(1));
  EXPECT_THAT(CutOnes(1), ElementsAre("127.0.0.1"));
  EXPECT_TRUE(quiet.Pour(1));
  const Connection again(acceptor_->port());
  EXPECT_TRUE(again.Ends()) << "not at once";
  now_ = ConnectionLimits::kAfterCut;
  const Connection later(acceptor_->port());
  EXPECT_TRUE(Becomes(2));
}

TEST_F(AcceptorTest, AnAgencyHasOneAllowanceOnAllItsConnections) {
  Start({.bytes_per_second = 1});
  const Connection first(acceptor_->port());
  const Connection second(acceptor_->port());
  const Connection other(acceptor_->port());
  ASSERT_TRUE(Becomes(3));
  acceptor_->Belongs(first.peer(), "ctxh-qn");
  acceptor_->Belongs(second.peer(), "ctxh-qn");
  acceptor_->Belongs(other.peer(), "ca-tinh");
  acceptor_->Belongs("ipv4:127.0.0.1:1", "ca-tinh");  // long gone
  constexpr size_t kMost = Inflow::kBurstBytes;
  EXPECT_TRUE(first.Pour(kMost / 4 * 3));
  EXPECT_FALSE(second.Pour(size_t{8} << 30));
  EXPECT_TRUE(other.Pour(kMost / 4 * 3));
  // The allowance is spent for the first one, too.
  while (first.Pour(1 << 10)) std::this_thread::yield();
  EXPECT_TRUE(Becomes(1));
  EXPECT_TRUE(other.Pour(1));
  EXPECT_THAT(CutOnes(2), ElementsAre("127.0.0.1", "127.0.0.1"));
}

TEST_F(AcceptorTest, AfterItStopsNobodyConnects) {
  Start({});
  const Connection open(acceptor_->port());
  ASSERT_TRUE(Becomes(1));
  const int port = acceptor_->port();
  acceptor_->StopAccepting();
  acceptor_->StopAccepting();
  EXPECT_FALSE(Connection(port).connected());
  EXPECT_TRUE(open.Pour(1));
}

}  // namespace
}  // namespace caseledger::rpc
