// Listening TCP sockets.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace caseledger::net {

// Thread-safe.
class Listener {
 public:
  // `address` is HOST:PORT or [IPV6]:PORT; port 0 picks a free one. INVALID_ARGUMENT when it is no
  // address; UNAVAILABLE when it cannot be had, as when another program has it.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(const std::string& address);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  // The next connection, which the caller closes; -1 after Stop. While the system has no more
  // descriptors it waits.
  int Accept() const;
  void Stop() const;

 private:
  Listener(std::vector<int> sockets, int wake, int port)
      : sockets_(std::move(sockets)), wake_(wake), port_(port) {}

  const std::vector<int> sockets_;  // one for each address that the host stands for
  const int wake_;                  // readable once stopped
  const int port_;
};

}  // namespace caseledger::net
