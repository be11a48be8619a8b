#include "services/net/relay.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <asio/connect.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "eventstore/base/strings.h"
#include "services/net/host_port.h"

namespace caseledger::net {
namespace {

using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

tcp ProtocolOf(int connection) {
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  const bool known = getsockname(connection, reinterpret_cast<sockaddr*>(&name), &length) == 0;
  return known && name.ss_family == AF_INET6 ? tcp::v6() : tcp::v4();
}

// Nobody is left to be told what goes wrong here.
void End(tcp::socket& socket) {
  asio::error_code ignored;
  socket.shutdown(tcp::socket::shutdown_both, ignored);
  socket.close(ignored);
}

}  // namespace

// All but the constructor, Post and open is in the relay's thread.
class Relay::Work {
 public:
  explicit Work(RelayOptions options)
      : options_(std::move(options)), guard_(asio::make_work_guard(io_)) {
    LookLater();
  }

  void Run() { io_.run(); }
  void Post(std::function<void()> what) { asio::post(io_, std::move(what)); }
  int64_t open() const { return open_; }
  void End();

  void PassTo(const HostPort& target);
  void Take(int connection);

  // Of its connections.
  asio::io_context& io() { return io_; }
  const RelayOptions& options() const { return options_; }
  const HostPort& target() const { return target_; }
  // Where the target is, when it is told as a number.
  const std::optional<tcp::endpoint>& endpoint() const { return endpoint_; }
  void Remember(Passing* passing);
  void Forget(Passing* passing);
  void Tell(const absl::Status& status);
  // Where a connection to the target begins.
  void Begins(const tcp::endpoint& at) { own_.insert(at); }
  void IsOver(const tcp::endpoint& at) { own_.erase(at); }

 private:
  void LookLater();

  const RelayOptions options_;
  std::atomic<int64_t> open_ = 0;  // of all_
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  // These also make what Asio makes at first use, which takes descriptors.
  tcp::resolver resolver_{io_};
  tcp::socket socket_{io_};
  asio::steady_timer looks_{io_};
  HostPort target_;  // port 0: none
  std::optional<tcp::endpoint> endpoint_;
  std::set<tcp::endpoint> own_;
  absl::StatusCode told_ = absl::StatusCode::kOk;
  std::unordered_set<Passing*> all_;
};

// One connection. Lives as long as something of it is under way.
class Relay::Passing : public std::enable_shared_from_this<Passing> {
 public:
  Passing(Work& work, tcp::socket client)
      : work_(work), client_(std::move(client)), server_(work.io()), resolver_(work.io()) {
    work_.Remember(this);
  }
  ~Passing() { work_.Forget(this); }
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;

  void Start() {
    if (const auto& endpoint = work_.endpoint(); endpoint) {
      server_.async_connect(*endpoint, [self = shared_from_this()](asio::error_code failed) {
        self->Connected(failed);
      });
      return;
    }
    const HostPort& target = work_.target();
    resolver_.async_resolve(
        target.host, std::to_string(target.port),
        [self = shared_from_this()](asio::error_code error, const tcp::resolver::results_type& at) {
          self->Connect(error, at);
        });
  }

  // Ends what waited too long.
  void Look(Clock::time_point now) {
    if (ended_) return;
    const auto is_older = [now](const std::optional<Clock::time_point>& since, Micros most) {
      return since && now - *since > std::chrono::microseconds(most);
    };
    if (is_older(reaches_since_, work_.options().connect_patience)) {
      CannotReach("its name is not found in time, or it does not answer");
    } else if (is_older(up_.waits_since, work_.options().longest_wait) ||
               is_older(down_.waits_since, work_.options().longest_wait) ||
               is_older(half_since_, work_.options().longest_half)) {
      End();
    }
  }

  void End() {
    if (begins_at_) work_.IsOver(*begins_at_);
    begins_at_.reset();
    ended_ = true;
    resolver_.cancel();
    net::End(client_);
    net::End(server_);
  }

 private:
  // What goes from one end to the other.
  struct Direction {
    tcp::socket& from;
    tcp::socket& to;
    std::vector<char> buffer = {};
    std::optional<Clock::time_point> waits_since = {};  // to be taken
    bool over = false;
  };

  void Connect(asio::error_code error, const tcp::resolver::results_type& at) {
    if (ended_) return;
    if (error) return CannotReach(error.message());
    asio::async_connect(
        server_, at,
        [self = shared_from_this()](asio::error_code failed, const tcp::endpoint& /*to*/) {
          self->Connected(failed);
        });
  }

  void Connected(asio::error_code error) {
    if (ended_) return;
    if (error) return CannotReach(error.message());
    reaches_since_.reset();
    asio::error_code ignored;
    server_.set_option(tcp::no_delay(true), ignored);
    begins_at_ = server_.local_endpoint(ignored);
    work_.Begins(*begins_at_);
    work_.Tell(absl::OkStatus());
    for (Direction* direction : {&up_, &down_}) {
      direction->buffer.resize(work_.options().buffer_bytes);
      Read(*direction);
    }
  }

  void CannotReach(const std::string& why) {
    if (ended_) return;
    const HostPort& target = work_.target();
    End();
    work_.Tell(absl::UnavailableError(
        StrCat("cannot reach ", target.host, ", port ", target.port, ": ", why)));
  }

  void Read(Direction& direction) {
    direction.from.async_read_some(
        asio::buffer(direction.buffer),
        [self = shared_from_this(), &direction](asio::error_code error, size_t bytes) {
          if (self->ended_) return;
          if (!error) return self->Write(direction, bytes);
          if (error != asio::error::eof) return self->End();
          self->PassEnd(direction);
        });
  }

  void Write(Direction& direction, size_t bytes) {
    direction.waits_since = Clock::now();
    asio::async_write(
        direction.to, asio::buffer(direction.buffer.data(), bytes),
        [self = shared_from_this(), &direction](asio::error_code error, size_t /*written*/) {
          if (self->ended_) return;
          if (error) return self->End();
          direction.waits_since.reset();
          self->Read(direction);
        });
  }

  // The other direction may go on for a moment.
  void PassEnd(Direction& direction) {
    direction.over = true;
    if (!half_since_) half_since_ = Clock::now();
    asio::error_code error;
    direction.to.shutdown(tcp::socket::shutdown_send, error);
    if (error || (up_.over && down_.over)) End();
  }

  Work& work_;
  tcp::socket client_;
  tcp::socket server_;
  tcp::resolver resolver_;
  Direction up_{client_, server_};
  Direction down_{server_, client_};
  std::optional<tcp::endpoint> begins_at_;                         // of server_
  std::optional<Clock::time_point> reaches_since_ = Clock::now();  // for the target
  std::optional<Clock::time_point> half_since_;
  bool ended_ = false;
};

void Relay::Work::Remember(Passing* passing) {
  all_.insert(passing);
  ++open_;
}

void Relay::Work::Forget(Passing* passing) {
  all_.erase(passing);
  --open_;
}

void Relay::Work::End() {
  PassTo({});
  looks_.cancel();
  guard_.reset();
}

void Relay::Work::LookLater() {
  const Micros shortest =
      std::min({options_.connect_patience, options_.longest_wait, options_.longest_half});
  looks_.expires_after(std::chrono::microseconds(std::min(shortest / 4, kMicrosPerSecond)));
  looks_.async_wait([this](asio::error_code cancelled) {
    if (cancelled) return;
    for (Passing* passing : all_) passing->Look(Clock::now());
    LookLater();
  });
}

void Relay::Work::PassTo(const HostPort& target) {
  if (target.host == target_.host && target.port == target_.port) return;
  target_ = target;
  asio::error_code is_a_name;
  const asio::ip::address address = asio::ip::make_address(target.host, is_a_name);
  endpoint_.reset();
  if (!is_a_name) endpoint_ = tcp::endpoint(address, static_cast<uint16_t>(target.port));
  told_ = absl::StatusCode::kOk;
  // Ending one lets go of it only later.
  for (Passing* passing : all_) passing->End();
}

void Relay::Work::Take(int connection) {
  asio::error_code error;
  tcp::socket client(io_);
  client.assign(ProtocolOf(connection), connection, error);
  if (error) {
    shutdown(connection, SHUT_RDWR);
    close(connection);
    return;
  }
  if (target_.port == 0 || open_ >= options_.most_open) return net::End(client);
  if (own_.contains(client.remote_endpoint(error))) {
    net::End(client);
    const std::string name = StrCat(target_.host, ", port ", target_.port, ",");
    PassTo({});
    Tell(absl::FailedPreconditionError(StrCat(name, " leads back to this server itself")));
    return;
  }
  std::make_shared<Passing>(*this, std::move(client))->Start();
}

void Relay::Work::Tell(const absl::Status& status) {
  if (status.code() == told_) return;
  told_ = status.code();
  if (options_.on_change) options_.on_change(status);
}

Relay::Relay(RelayOptions options)
    : work_(std::make_unique<Work>(std::move(options))),
      thread_("relay", [this] { work_->Run(); }) {}

Relay::~Relay() {
  work_->Post([this] { work_->End(); });
  thread_.Join();
}

absl::Status Relay::PassTo(const std::string& target) {
  const std::optional<HostPort> parts = ParseHostPort(target);
  if (!parts || parts->port == 0) {
    PassToNobody();
    return absl::InvalidArgumentError(StrCat(target, " is not HOST:PORT"));
  }
  work_->Post([this, to = *parts] { work_->PassTo(to); });
  return absl::OkStatus();
}

void Relay::PassToNobody() {
  work_->Post([this] { work_->PassTo({}); });
}

int64_t Relay::open() const { return work_->open(); }

void Relay::Take(int connection) {
  work_->Post([this, connection] { work_->Take(connection); });
}

}  // namespace caseledger::net
