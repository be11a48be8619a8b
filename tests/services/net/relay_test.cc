// Connections are passed on as they are, to one target at a time, with bounds.
#include "services/net/relay.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "services/net/listener.h"

namespace caseledger::net {
namespace {

using ::testing::HasSubstr;

constexpr auto kLongest = std::chrono::seconds(30);
constexpr Micros kLongestWait = 3 * kMicrosPerSecond;

// A blocking socket, closed at the end.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() { Close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void Close() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }
  void Send(const std::string& text) const {
    for (size_t sent = 0; sent < text.size();) {
      const ssize_t now = send(descriptor_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      ASSERT_GT(now, 0);
      sent += static_cast<size_t>(now);
    }
  }
  // Until it would block for a while.
  size_t SendWhatFits() const {
    const std::string much(1 << 16, 'x');
    size_t sent = 0;
    while (Awaits(POLLOUT, std::chrono::milliseconds(300))) {
      const ssize_t now = send(descriptor_, much.data(), much.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (now <= 0) break;
      sent += static_cast<size_t>(now);
    }
    return sent;
  }
  // So many bytes, or fewer: it was ended.
  std::string Receive(size_t bytes) const {
    std::string text(bytes, '\0');
    size_t got = 0;
    while (got < bytes && Awaits(POLLIN, kLongest)) {
      const ssize_t now = recv(descriptor_, text.data() + got, bytes - got, 0);
      if (now <= 0) break;
      got += static_cast<size_t>(now);
    }
    text.resize(got);
    return text;
  }
  // Nothing more comes, and it was ended.
  bool IsEnded() const {
    char byte = 0;
    return Awaits(POLLIN, kLongest) && recv(descriptor_, &byte, 1, 0) <= 0;
  }
  void EndSending() const { shutdown(descriptor_, SHUT_WR); }

 private:
  bool Awaits(short what, std::chrono::milliseconds longest) const {
    pollfd wanted{descriptor_, what, 0};
    return poll(&wanted, 1, static_cast<int>(longest.count())) == 1;
  }

  int descriptor_;
};

std::unique_ptr<Socket> ConnectTo(int port) {
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(static_cast<uint16_t>(port));
  EXPECT_EQ(connect(client, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  return std::make_unique<Socket>(client);
}

std::string AddressOf(const Listener& listener) {
  return "127.0.0.1:" + std::to_string(listener.port());
}

std::unique_ptr<Listener> Listening() { return *Listener::Open("127.0.0.1:0"); }

// As it is used: a port whose connections go to a relay. What is beyond is in the test's hands.
class RelayTest : public ::testing::Test {
 protected:
  RelayTest() : door_(Listening()), beyond_(Listening()) {
    RelayOptions options;
    options.longest_wait = kLongestWait;
    options.longest_half = kMicrosPerSecond / 2;
    options.on_change = [this](const absl::Status& status) {
      const std::lock_guard lock(mutex_);
      told_.push_back(status);
      changed_.notify_all();
    };
    relay_ = std::make_unique<Relay>(options);
    accepting_ = std::thread([this] {
      for (int accepted = door_->Accept(); accepted >= 0; accepted = door_->Accept()) {
        relay_->Take(accepted);
      }
    });
  }
  ~RelayTest() override {
    door_->Stop();
    accepting_.join();
  }

  std::unique_ptr<Socket> Call() const { return ConnectTo(door_->port()); }
  // The next connection that arrives at its target.
  static std::unique_ptr<Socket> Answer(const Listener& target) {
    const int accepted = target.Accept();
    EXPECT_GE(accepted, 0);
    return std::make_unique<Socket>(accepted);
  }
  std::unique_ptr<Socket> Answer() const { return Answer(*beyond_); }
  std::vector<absl::Status> AwaitTold(size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kLongest, [&] { return told_.size() >= count; }));
    return told_;
  }
  bool AwaitOpen(int64_t count) const {
    const auto end = std::chrono::steady_clock::now() + kLongest;
    while (relay_->open() != count && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    return relay_->open() == count;
  }

  const std::unique_ptr<Listener> door_;
  const std::unique_ptr<Listener> beyond_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<absl::Status> told_;
  std::unique_ptr<Relay> relay_;
  std::thread accepting_;
};

TEST_F(RelayTest, WhatIsSaidArrivesAtBothEnds) {
  ASSERT_TRUE(relay_->PassTo(AddressOf(*beyond_)).ok());
  const auto caller = Call();
  const auto answerer = Answer();
  caller->Send("hỏi");
  EXPECT_EQ(answerer->Receive(5), "hỏi");
  answerer->Send("trả lời");
  EXPECT_EQ(caller->Receive(11), "trả lời");
  EXPECT_EQ(relay_->open(), 1);
  caller->Close();
  EXPECT_TRUE(answerer->IsEnded());
  answerer->Close();
  EXPECT_TRUE(AwaitOpen(0));
}

TEST_F(RelayTest, WhoHasSaidAllStillHearsTheAnswer) {
  ASSERT_TRUE(relay_->PassTo(AddressOf(*beyond_)).ok());
  const auto caller = Call();
  const auto answerer = Answer();
  caller->Send("all");
  caller->EndSending();
  EXPECT_EQ(answerer->Receive(4), "all");
  answerer->Send("answer");
  answerer->EndSending();
  EXPECT_EQ(caller->Receive(7), "answer");
  EXPECT_TRUE(AwaitOpen(0)) << "though neither has closed its end";
}

TEST_F(RelayTest, WithoutTargetACallEndsAtOnce) {
  EXPECT_TRUE(Call()->IsEnded());
  EXPECT_EQ(relay_->PassTo("").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(relay_->PassTo("somewhere").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(relay_->PassTo("somewhere:0").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Call()->IsEnded());
  EXPECT_TRUE(AwaitOpen(0));
}

TEST_F(RelayTest, AnotherTargetEndsWhatWentToTheFirst) {
  const auto other = Listening();
  ASSERT_TRUE(relay_->PassTo(AddressOf(*beyond_)).ok());
  const auto caller = Call();
  const auto answerer = Answer();
  caller->Send("1");
  EXPECT_EQ(answerer->Receive(1), "1");
  ASSERT_TRUE(relay_->PassTo(AddressOf(*beyond_)).ok());
  caller->Send("2");
  EXPECT_EQ(answerer->Receive(1), "2") << "the same target ends nothing";
  ASSERT_TRUE(relay_->PassTo(AddressOf(*other)).ok());
  EXPECT_TRUE(caller->IsEnded());
  EXPECT_TRUE(answerer->IsEnded());
  const auto again = Call();
  const auto elsewhere = Answer(*other);
  again->Send("3");
  EXPECT_EQ(elsewhere->Receive(1), "3");
  relay_->PassToNobody();
  EXPECT_TRUE(again->IsEnded());
  EXPECT_TRUE(AwaitOpen(0));
}

TEST_F(RelayTest, ATargetThatCannotBeReachedIsToldOnceUntilItCan) {
  auto gone = Listening();
  const std::string address = AddressOf(*gone);
  gone.reset();
  ASSERT_TRUE(relay_->PassTo(address).ok());
  EXPECT_TRUE(Call()->IsEnded());
  EXPECT_TRUE(Call()->IsEnded());
  const auto back = Listener::Open(address);
  ASSERT_TRUE(back.ok()) << back.status();
  const auto caller = Call();
  const auto answerer = Answer(**back);
  answerer->Send("here");
  EXPECT_EQ(caller->Receive(4), "here");
  const std::vector<absl::Status> told = AwaitTold(2);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(told[0].message()), HasSubstr("127.0.0.1, port "));
  EXPECT_EQ(told[1], absl::OkStatus());
}

TEST_F(RelayTest, AHostThatIsNoneIsTold) {
  ASSERT_TRUE(relay_->PassTo("nowhere.invalid:7400").ok());
  EXPECT_TRUE(Call()->IsEnded());
  EXPECT_THAT(std::string(AwaitTold(1)[0].message()), HasSubstr("nowhere.invalid"));
}

// Who reads nothing keeps the other end from sending, after what the system and the relay hold.
TEST_F(RelayTest, WhatIsNotReadIsNotTakenIn) {
  ASSERT_TRUE(relay_->PassTo(AddressOf(*beyond_)).ok());
  const auto caller = Call();
  const auto answerer = Answer();
  const size_t sent = answerer->SendWhatFits();
  EXPECT_LT(sent, size_t{64} << 20);
  const std::string received = caller->Receive(sent);
  EXPECT_EQ(received.size(), sent);
  EXPECT_EQ(received, std::string(sent, 'x'));
  caller->Send("still here");
  EXPECT_EQ(answerer->Receive(10), "still here");
}

// What is watched by whoever accepted it is counted no more once one end has ended it: so the other
// end cannot keep it, whatever it does.
TEST_F(RelayTest, WhatOneEndHasEndedTheOtherCannotKeep) {
  ASSERT_TRUE(relay_->PassTo(AddressOf(*beyond_)).ok());
  const auto caller = Call();
  auto answerer = Answer();
  answerer->Send("the end");
  answerer->Close();
  EXPECT_EQ(caller->Receive(7), "the end");
  EXPECT_TRUE(AwaitOpen(0)) << "the caller keeps its end";
  const auto second = Call();
  const auto silent = Answer();
  second->EndSending();
  EXPECT_TRUE(AwaitOpen(0)) << "the other one says nothing";
}

TEST_F(RelayTest, WhoTakesNothingIsNotThereAnyMore) {
  ASSERT_TRUE(relay_->PassTo(AddressOf(*beyond_)).ok());
  const auto caller = Call();
  const auto answerer = Answer();
  answerer->SendWhatFits();
  EXPECT_TRUE(AwaitOpen(0)) << "nothing is read at the other end";
}

TEST_F(RelayTest, ATargetThatIsTheRelayItselfIsGivenUp) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    SCOPED_TRACE(host);
    ASSERT_TRUE(relay_->PassTo(std::string(host) + ":" + std::to_string(door_->port())).ok());
    EXPECT_TRUE(Call()->IsEnded());
    EXPECT_TRUE(AwaitOpen(0));
  }
  const std::vector<absl::Status> told = AwaitTold(2);
  EXPECT_TRUE(std::any_of(told.begin(), told.end(), [](const absl::Status& status) {
    return absl::IsFailedPrecondition(status);
  }));
}

TEST_F(RelayTest, ManyAtATimeKeepTheirBytesApart) {
  const uint64_t seed = std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  ASSERT_TRUE(relay_->PassTo(AddressOf(*beyond_)).ok());
  constexpr int kCallers = 40;
  constexpr int kCallsOfEach = 5;
  constexpr size_t kLongestLine = 2'000;
  std::thread answering([&] {
    std::vector<std::thread> each;
    each.reserve(size_t{kCallers} * kCallsOfEach);
    for (int i = 0; i < kCallers * kCallsOfEach; ++i) {
      each.emplace_back([answerer = Answer()] {
        std::string text;
        for (std::string more = answerer->Receive(1); !more.empty(); more = answerer->Receive(1)) {
          text += more;
          if (text.back() != '\n') continue;
          answerer->Send(text);
          text.clear();
        }
      });
    }
    for (std::thread& one : each) one.join();
  });
  std::vector<std::thread> callers;
  for (uint64_t i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      std::mt19937_64 random(seed + i);
      for (int call = 0; call < kCallsOfEach; ++call) {
        const auto caller = Call();
        for (int line = 0; line < 3; ++line) {
          std::string text(random() % kLongestLine, static_cast<char>('a' + random() % 26));
          text += "\n";
          caller->Send(text);
          ASSERT_EQ(caller->Receive(text.size()), text);
        }
        if (random() % 2 == 0) caller->EndSending();
      }
    });
  }
  for (std::thread& one : callers) one.join();
  answering.join();
  EXPECT_TRUE(AwaitOpen(0));
}

TEST_F(RelayTest, EndsWithConnectionsOpen) {
  ASSERT_TRUE(relay_->PassTo(AddressOf(*beyond_)).ok());
  const auto caller = Call();
  const auto answerer = Answer();
  door_->Stop();
  accepting_.join();
  relay_.reset();
  EXPECT_TRUE(caller->IsEnded());
  EXPECT_TRUE(answerer->IsEnded());
  accepting_ = std::thread([] {});
}

}  // namespace
}  // namespace caseledger::net
