// Accepts the connections of the gRPC port, as many as may be, and cuts those on which more comes
// in than may.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "services/net/listener.h"
#include "services/rpc/connections/connection_limits.h"

namespace caseledger::rpc {

// How a connection ends that may not stay: before it is heard, or later.
enum class Ending { kRefused, kCut };
// Hears of each of them. While it takes its time no connection is accepted, or none is looked at.
using OnEnding = std::function<void(Ending ending, const std::string& address)>;

// A connection that may not stay is closed at once: nothing is known of it that an answer could
// speak to, and TLS would cost more than it is given. Thread-safe.
class Acceptor {
 public:
  // Gets each connection, and is to close it by shutdown() before close(): the acceptor holds
  // another descriptor of it. Called from one thread.
  using Take = std::function<void(int connection)>;

  // `steady_now`: microseconds that only grow; called from several threads.
  Acceptor(std::unique_ptr<net::Listener> listener, const ConnectionOptions& options,
           OnEnding on_ending, std::function<Micros()> steady_now);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // From now on `take` gets them. Again: in place of who got them so far, who gets none any more
  // when this returns.
  void Start(Take take) ABSL_LOCKS_EXCLUDED(take_mutex_);
  int port() const { return port_; }
  // Takes no more, and lets go of the port; connections that are open are still watched.
  // Idempotent; not from two threads at once.
  void StopAccepting();
  // How many are open.
  int64_t open() const;

  // Whose the connection of that peer is, by its certificate: from now on what comes in on it is
  // counted together with what comes in on the agency's others. `peer` as PeerUriOf. To be said
  // with each call: gRPC tells of no connection before it has taken in a whole request.
  void Belongs(std::string_view peer, std::string_view agency);

 private:
  struct Watched {
    int descriptor;
    std::string address;
    std::string peer;
    std::shared_ptr<Inflow> inflow;  // the address's, until it is known whose it is
    bool known = false;
    uint64_t received = 0;
  };

  void Accept();
  // Begins to watch it; false when it may not stay.
  bool Enter(int connection, const sockaddr& peer, const std::string& address);
  void Watch();
  // The addresses of those that were cut.
  std::vector<std::string> LookAtSome() ABSL_LOCKS_EXCLUDED(mutex_);
  std::shared_ptr<Inflow> InflowOf(std::string_view agency, Micros now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  enum class Seen { kOpen, kOver, kPouring };
  Seen Look(Watched& watched, Micros now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Cut(const Watched& watched, Micros now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(std::unique_ptr<Watched>& watched) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Tell(Ending ending, const std::string& address) const {
    if (on_ending_) on_ending_(ending, address);
  }
  bool IsEnding() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ending_; }

  std::unique_ptr<net::Listener> listener_;  // until no more are accepted
  const int port_;
  const ConnectionOptions options_;
  Mutex take_mutex_;
  Take take_ ABSL_GUARDED_BY(take_mutex_);
  const OnEnding on_ending_;
  const std::function<Micros()> steady_now_;
  mutable Mutex mutex_;
  ConnectionLimits limits_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Watched>> watched_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Watched*> by_peer_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::shared_ptr<Inflow>> agencies_ ABSL_GUARDED_BY(mutex_);
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;  // to be looked at
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread accepting_;
  std::thread watching_;
};

// On an address as net::Listener::Open takes it, with the system's clock.
//
// UNAVAILABLE       the address cannot be had
// INVALID_ARGUMENT  it is none
absl::StatusOr<std::shared_ptr<Acceptor>> OpenAcceptor(const std::string& address,
                                                       const ConnectionOptions& options,
                                                       OnEnding on_ending);

}  // namespace caseledger::rpc
