#include "services/rpc/connections/acceptor.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "eventstore/base/scheduler.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::rpc {
namespace {

// At 10 Gbit/s as much comes in between two looks as may come at once.
constexpr std::chrono::milliseconds kBetweenLooks(10);
// Looked at each time, in turn: each costs about a microsecond.
constexpr size_t kMostLooks = 512;
// Agencies that are known before those that rest are forgotten.
constexpr size_t kMostAgencies = 1'024;
constexpr uint8_t kEstablished = 1;  // tcpi_state; see tcp_states.h of the kernel

// Nothing once it is over.
std::optional<uint64_t> BytesReceived(int connection) {
  tcp_info info{};
  socklen_t length = sizeof(info);
  if (getsockopt(connection, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
  if (info.tcpi_state != kEstablished) return std::nullopt;
  return info.tcpi_bytes_received;
}

sockaddr_storage PeerOf(int connection) {
  sockaddr_storage peer{};
  socklen_t length = sizeof(peer);
  if (getpeername(connection, reinterpret_cast<sockaddr*>(&peer), &length) != 0) return {};
  return peer;
}

}  // namespace

Acceptor::Acceptor(std::unique_ptr<net::Listener> listener, const ConnectionOptions& options,
                   OnEnding on_ending, std::function<Micros()> steady_now)
    : listener_(std::move(listener)),
      port_(listener_->port()),
      options_(options),
      on_ending_(std::move(on_ending)),
      steady_now_(std::move(steady_now)),
      limits_(options) {}

void Acceptor::Start(Take take) {
  {
    MutexLock lock(&take_mutex_);
    take_ = std::move(take);
  }
  if (accepting_.joinable()) return;
  accepting_ = std::thread([this] { Accept(); });
  watching_ = std::thread([this] { Watch(); });
}

Acceptor::~Acceptor() {
  StopAccepting();
  {
    MutexLock lock(&mutex_);
    ending_ = true;
  }
  if (watching_.joinable()) watching_.join();
  MutexLock lock(&mutex_);
  for (const auto& watched : watched_) close(watched->descriptor);
}

void Acceptor::StopAccepting() {
  if (listener_ == nullptr) return;
  listener_->Stop();
  if (accepting_.joinable()) accepting_.join();
  listener_.reset();
}

int64_t Acceptor::open() const {
  MutexLock lock(&mutex_);
  return limits_.open();
}

void Acceptor::Accept() {
  while (true) {
    const int connection = listener_->Accept();
    if (connection < 0) return;
    const sockaddr_storage storage = PeerOf(connection);
    const auto& peer = reinterpret_cast<const sockaddr&>(storage);
    const std::string address = AddressOf(peer);
    if (Enter(connection, peer, address)) {
      MutexLock lock(&take_mutex_);
      take_(connection);
    } else {
      Tell(Ending::kRefused, address);
      close(connection);
    }
  }
}

bool Acceptor::Enter(int connection, const sockaddr& peer, const std::string& address) {
  MutexLock lock(&mutex_);
  if (limits_.Enter(address, steady_now_()) != ConnectionLimits::Answer::kWelcome) return false;
  const int descriptor = fcntl(connection, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) {
    limits_.Leave(address);
    return false;
  }
  watched_.push_back(std::make_unique<Watched>(
      Watched{descriptor, address, PeerUriOf(peer), limits_.InflowOf(address)}));
  by_peer_[watched_.back()->peer] = watched_.back().get();
  return true;
}

void Acceptor::Watch() {
  while (true) {
    for (const std::string& address : LookAtSome()) Tell(Ending::kCut, address);
    MutexLock lock(&mutex_);
    mutex_.AwaitFor(this, &Acceptor::IsEnding, kBetweenLooks);
    if (ending_) return;
  }
}

std::vector<std::string> Acceptor::LookAtSome() {
  std::vector<std::string> cut;
  MutexLock lock(&mutex_);
  const Micros now = steady_now_();
  for (size_t looks = std::min(watched_.size(), kMostLooks); looks > 0; --looks) {
    if (next_ >= watched_.size()) next_ = 0;
    std::unique_ptr<Watched>& watched = watched_[next_];
    const Seen seen = Look(*watched, now);
    if (seen == Seen::kOpen) {
      ++next_;
      continue;
    }
    if (seen == Seen::kPouring) {
      Cut(*watched, now);
      cut.push_back(watched->address);
    }
    Forget(watched);
  }
  return cut;
}

void Acceptor::Forget(std::unique_ptr<Watched>& watched) {
  close(watched->descriptor);
  limits_.Leave(watched->address);
  // Its port may be another connection's by now.
  const auto by_peer = by_peer_.find(watched->peer);
  if (by_peer != by_peer_.end() && by_peer->second == watched.get()) by_peer_.erase(by_peer);
  std::swap(watched, watched_.back());
  watched_.pop_back();
}

std::shared_ptr<Inflow> Acceptor::InflowOf(std::string_view agency, Micros now) {
  const auto found = agencies_.find(ToAbsl(agency));
  if (found != agencies_.end()) return found->second;
  if (agencies_.size() >= kMostAgencies) {
    absl::erase_if(agencies_, [now](const auto& known) {
      return known.second.use_count() == 1 && known.second->rested(now);
    });
  }
  auto inflow = std::make_shared<Inflow>(options_.bytes_per_second);
  return agencies_.emplace(std::string(agency), std::move(inflow)).first->second;
}

void Acceptor::Belongs(std::string_view peer, std::string_view agency) {
  MutexLock lock(&mutex_);
  const auto found = by_peer_.find(ToAbsl(peer));
  if (found == by_peer_.end() || found->second->known) return;
  Watched& watched = *found->second;
  const Micros now = steady_now_();
  watched.known = true;
  watched.inflow = InflowOf(agency, now);
  watched.inflow->MayGoOn(watched.received, now);  // the next look tells
}

Acceptor::Seen Acceptor::Look(Watched& watched, Micros now) {
  const std::optional<uint64_t> received = BytesReceived(watched.descriptor);
  if (!received) return Seen::kOver;
  const uint64_t more = *received - std::exchange(watched.received, *received);
  return watched.inflow->MayGoOn(more, now) ? Seen::kOpen : Seen::kPouring;
}

void Acceptor::Cut(const Watched& watched, Micros now) {
  // The last close resets it: one who waits for room to send would hear of an orderly end late.
  const linger none{.l_onoff = 1, .l_linger = 0};
  setsockopt(watched.descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
  shutdown(watched.descriptor, SHUT_RDWR);
  limits_.Cut(watched.address, now);
}

absl::StatusOr<std::shared_ptr<Acceptor>> OpenAcceptor(const std::string& address,
                                                       const ConnectionOptions& options,
                                                       OnEnding on_ending) {
  auto listener = net::Listener::Open(address);
  if (absl::IsUnavailable(listener.status())) {
    return absl::UnavailableError(
        StrCat(FromAbsl(listener.status().message()), "; is another server running there?"));
  }
  RETURN_IF_ERROR(listener.status());
  return std::make_shared<Acceptor>(*std::move(listener), options, std::move(on_ending),
                                    MonotonicNow);
}

}  // namespace caseledger::rpc
