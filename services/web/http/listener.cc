#include "services/web/http/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "absl/status/status.h"
#include "eventstore/base/strings.h"
#include "services/web/http/host_port.h"

namespace caseledger::web {
namespace {

// Connections that the system keeps until they are accepted, which is at once.
constexpr int kBacklog = 64;
// Before accepting is tried again when the system has no more descriptors.
constexpr int kPauseMilliseconds = 20;

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
  const int socket = Bind(*found);
  const int error = errno;
  freeaddrinfo(found);
  if (socket < 0) return CannotListen(address, std::system_category().message(error));
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) {
    close(socket);
    return CannotListen(address, std::system_category().message(errno));
  }
  return std::unique_ptr<Listener>(new Listener(socket, wake, PortOf(socket)));
}

Listener::~Listener() {
  close(socket_);
  close(wake_);
}

int Listener::Accept() const {
  while (true) {
    std::array<pollfd, 2> wanted = {{{wake_, POLLIN, 0}, {socket_, POLLIN, 0}}};
    poll(wanted.data(), wanted.size(), -1);
    if (wanted[0].revents != 0) return -1;
    const int accepted = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted >= 0) {
      // Headers and body of an answer are written one after the other: the body must not wait until
      // the peer acknowledged the headers, which takes 40 ms.
      const int yes = 1;
      setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
      return accepted;
    }
    const bool none_left =
        errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (none_left) poll(wanted.data(), 1, kPauseMilliseconds);
  }
}

void Listener::Stop() const {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

}  // namespace caseledger::web
