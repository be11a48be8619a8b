// Passes connections on to another server of the same service. Bytes go through as they are: TLS
// begins and ends at the two ends, and nothing here can read what they say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/thread.h"

namespace caseledger::net {

struct RelayOptions {
  // How long finding and reaching the target may take.
  Micros connect_patience = 5 * kMicrosPerSecond;
  // What of each direction of a connection may wait here. The end that sends is not read meanwhile.
  size_t buffer_bytes = size_t{16} << 10;
  // How long that may wait without being taken: the end that takes nothing is not there any more,
  // for what speaks HTTP/2 holds back streams and not connections.
  Micros longest_wait = 60 * kMicrosPerSecond;
  // How long the other end has to end a connection as well. Whoever watches the socket (see Take)
  // may count it no more by then.
  Micros longest_half = 2 * kMicrosPerSecond;
  int64_t most_open = 4'096;  // more end at once
  // Hears why the target cannot be reached, and OK when it can again: UNAVAILABLE, and
  // FAILED_PRECONDITION when it leads back to the relay itself, which then passes to nobody. In the
  // relay's thread. May be empty.
  std::function<void(const absl::Status&)> on_change;
};

// Thread-safe.
class Relay {
 public:
  explicit Relay(RelayOptions options = {});
  // Ends all connections.
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // From now on connections go to HOST:PORT or [IPV6]:PORT. Those that went elsewhere end.
  // INVALID_ARGUMENT when it is no address: then to nobody.
  absl::Status PassTo(const std::string& target);
  // As in the beginning. All connections end.
  void PassToNobody();

  // Takes a connected socket that does not block. It is ended at once while there is no target, or
  // when that cannot be reached; else when either end ends it, after what was sent before. Ended by
  // shutdown() before close(), for whoever has another descriptor of it.
  void Take(int connection);

  // Connections that are being passed on.
  int64_t open() const;

 private:
  class Passing;
  class Work;

  const std::unique_ptr<Work> work_;
  Thread thread_;
};

}  // namespace caseledger::net
