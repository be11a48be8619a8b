#include "services/rpc/connections/connection_limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "eventstore/base/strings.h"

namespace caseledger::rpc {
namespace {

// Addresses that are known before those that rest are forgotten.
constexpr size_t kMostKnown = 8'192;

struct Peer {
  int family = AF_UNSPEC;
  std::array<uint8_t, 16> bytes{};
  uint16_t port = 0;

  std::string Text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const char* written = inet_ntop(family, bytes.data(), text.data(), text.size());
    return written == nullptr ? "" : written;
  }
};

// An IPv4 address is one also where a socket of IPv6 takes its connections.
Peer KnownPeer(const sockaddr& peer) {
  Peer known;
  known.family = peer.sa_family;
  if (peer.sa_family == AF_INET) {
    const auto& name = reinterpret_cast<const sockaddr_in&>(peer);
    std::memcpy(known.bytes.data(), &name.sin_addr, sizeof(name.sin_addr));
    known.port = ntohs(name.sin_port);
  } else if (peer.sa_family == AF_INET6) {
    const auto& name = reinterpret_cast<const sockaddr_in6&>(peer);
    std::memcpy(known.bytes.data(), &name.sin6_addr, sizeof(name.sin6_addr));
    known.port = ntohs(name.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&name.sin6_addr)) {
      known.family = AF_INET;
      std::copy(known.bytes.begin() + 12, known.bytes.end(), known.bytes.begin());
    }
  }
  return known;
}

}  // namespace

std::string AddressOf(const sockaddr& peer) {
  const Peer known = KnownPeer(peer);
  if (known.family != AF_INET6) return known.Text();
  Peer network = known;
  std::fill(network.bytes.begin() + 8, network.bytes.end(), uint8_t{0});
  return StrCat(network.Text(), "/64");
}

std::string PeerUriOf(const sockaddr& peer) {
  const Peer known = KnownPeer(peer);
  if (known.family == AF_INET) return StrCat("ipv4:", known.Text(), ":", known.port);
  if (known.family == AF_INET6) return StrCat("ipv6:%5B", known.Text(), "%5D:", known.port);
  return "";
}

ConnectionLimits::Answer ConnectionLimits::Enter(std::string_view address, Micros now) {
  if (addresses_.size() >= kMostKnown) {
    absl::erase_if(addresses_, [now](const auto& known) {
      const Books& books = known.second;
      return books.open == 0 && books.pace.rested(now) && books.inflow->rested(now) &&
             books.closed_until <= now;
    });
  }
  if (open_ >= options_.at_a_time || addresses_.size() >= 2 * kMostKnown) {
    return Answer::kServerFull;
  }
  auto found = addresses_.find(ToAbsl(address));
  if (found == addresses_.end()) {
    found = addresses_
                .emplace(std::string(address),
                         Books{0, access::Pace(options_.new_per_second, kBurst),
                               std::make_shared<Inflow>(options_.bytes_per_second)})
                .first;
  }
  Books& books = found->second;
  if (books.closed_until > now) return Answer::kJustCut;
  if (books.open >= options_.of_an_address) return Answer::kAddressFull;
  if (books.pace.Take(now, 1) > 0) return Answer::kTooFast;
  ++books.open;
  ++open_;
  return Answer::kWelcome;
}

void ConnectionLimits::Leave(std::string_view address) {
  const auto found = addresses_.find(ToAbsl(address));
  if (found == addresses_.end() || found->second.open == 0) return;
  --found->second.open;
  --open_;
}

void ConnectionLimits::Cut(std::string_view address, Micros now) {
  const auto found = addresses_.find(ToAbsl(address));
  if (found != addresses_.end()) found->second.closed_until = now + kAfterCut;
}

std::shared_ptr<Inflow> ConnectionLimits::InflowOf(std::string_view address) const {
  return addresses_.find(ToAbsl(address))->second.inflow;
}

bool Inflow::MayGoOn(uint64_t bytes, Micros now) {
  if (!limited_) return true;
  // More than fits any pace is too much whatever the pace.
  constexpr uint64_t kMost = uint64_t{1} << 40;
  if (bytes >= kMost) return false;
  rest_ += bytes;
  const uint64_t units = rest_ / kUnit;
  rest_ %= kUnit;
  return pace_.Charge(now, static_cast<int64_t>(units)) == 0;
}

}  // namespace caseledger::rpc
