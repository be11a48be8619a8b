#include "services/net/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/strings.h"
#include "services/net/host_port.h"

namespace caseledger::net {
namespace {

// Connections that the system keeps until they are accepted, which is at once.
constexpr int kBacklog = 512;
// Before accepting is tried again when the system has no more descriptors.
constexpr int kPauseMilliseconds = 20;
constexpr size_t kMostSockets = 8;

absl::Status CannotListen(const std::string& address, const std::string& reason) {
  return absl::UnavailableError(StrCat("cannot listen on ", address, ": ", reason));
}

int PortOf(int socket) {
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&name), &length) != 0) return 0;
  if (name.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&name)->sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in*>(&name)->sin_port);
}

void SetPort(sockaddr& name, int port) {
  const auto network = htons(static_cast<uint16_t>(port));
  if (name.sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(name).sin6_port = network;
  } else {
    reinterpret_cast<sockaddr_in&>(name).sin_port = network;
  }
}

// A listening socket, or -1 and errno.
int Bind(const addrinfo& at) {
  const int socket =
      ::socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at.ai_protocol);
  if (socket < 0) return -1;
  // Connections of an earlier server that the system still remembers do not hold the port; a
  // running server does.
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (bind(socket, at.ai_addr, at.ai_addrlen) == 0 && listen(socket, kBacklog) == 0) return socket;
  const int error = errno;
  close(socket);
  errno = error;
  return -1;
}

// As many as there are addresses, all on the port that the first one got; none and errno when one
// cannot be had. What this machine has no interface for is passed over, if another is left.
std::vector<int> BindAll(addrinfo* first) {
  std::vector<int> sockets;
  int error = 0;
  for (addrinfo* at = first; at != nullptr && sockets.size() < kMostSockets; at = at->ai_next) {
    if (!sockets.empty()) SetPort(*at->ai_addr, PortOf(sockets[0]));
    const int socket = Bind(*at);
    if (socket >= 0) {
      sockets.push_back(socket);
      continue;
    }
    error = errno;
    if (error == EADDRNOTAVAIL || error == EAFNOSUPPORT) continue;
    for (const int other : sockets) close(other);
    sockets.clear();
    break;
  }
  errno = error;
  return sockets;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(const std::string& address) {
  const std::optional<HostPort> parts = ParseHostPort(address);
  if (!parts) {
    return absl::InvalidArgumentError(
        StrCat("cannot listen on ", address, ": give HOST:PORT, as in 127.0.0.1:7402"));
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed =
      getaddrinfo(parts->host.c_str(), std::to_string(parts->port).c_str(), &hints, &found);
  if (failed != 0) return CannotListen(address, gai_strerror(failed));
  std::vector<int> sockets = BindAll(found);
  const int error = errno;
  freeaddrinfo(found);
  if (sockets.empty()) return CannotListen(address, std::system_category().message(error));
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) {
    for (const int socket : sockets) close(socket);
    return CannotListen(address, std::system_category().message(errno));
  }
  const int port = PortOf(sockets[0]);
  return std::unique_ptr<Listener>(new Listener(std::move(sockets), wake, port));
}

Listener::~Listener() {
  for (const int socket : sockets_) close(socket);
  close(wake_);
}

int Listener::Accept() const {
  std::vector<pollfd> wanted = {{wake_, POLLIN, 0}};
  for (const int socket : sockets_) wanted.push_back({socket, POLLIN, 0});
  while (true) {
    poll(wanted.data(), wanted.size(), -1);
    if (wanted[0].revents != 0) return -1;
    bool none_left = false;
    for (size_t i = 1; i < wanted.size(); ++i) {
      if (wanted[i].revents == 0) continue;
      const int accepted = accept4(wanted[i].fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (accepted >= 0) {
        // What is written in two pieces must not wait until the peer acknowledged the first.
        const int yes = 1;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        return accepted;
      }
      none_left |= errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    }
    if (none_left) poll(wanted.data(), 1, kPauseMilliseconds);
  }
}

void Listener::Stop() const {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

}  // namespace caseledger::net
