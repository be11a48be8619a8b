// How many connections one address may have, and how much may come in on each. What is below gRPC:
// nobody has said who they are yet.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/clock.h"
#include "services/access/limits/agency_limits.h"

struct sockaddr;

namespace caseledger::rpc {

struct ConnectionOptions {
  int64_t at_a_time = 4'096;
  int64_t of_an_address = 256;
  int64_t new_per_second = 50;         // of an address; 0: no limit
  int64_t bytes_per_second = 8 << 20;  // received from an agency; 0: no limit
};

// Whose a connection is, as far as that can be told: an IPv4 address, or the first 64 bits of an
// IPv6 address, which is what one subscriber has (RFC 6177). "" for any other kind.
std::string AddressOf(const sockaddr& peer);

// The same peer as `grpc::ServerContext::peer()` names it: `ipv4:10.0.0.7:50123`,
// `ipv6:%5Bfe80::1%5D:50123`. "" for any other kind.
std::string PeerUriOf(const sockaddr& peer);

// What came in, from an agency or from an address, against what may. gRPC 1.51 takes a
// message in whole before it looks at its size (grpc/grpc#43012), and as fast as it comes, so
// whoever pours must be cut off from outside. Not thread-safe.
class Inflow {
 public:
  // After a quiet time so much may come at once: some of the largest messages.
  static constexpr int64_t kBurstBytes = 12 << 20;

  // 0: no limit.
  explicit Inflow(int64_t bytes_per_second)
      : limited_(bytes_per_second > 0),
        pace_(std::max<int64_t>(1, bytes_per_second / kUnit), kBurstBytes / kUnit) {}

  // So many bytes more came in. False when it is too much.
  bool MayGoOn(uint64_t bytes, Micros now);
  bool rested(Micros now) const { return pace_.rested(now); }

 private:
  static constexpr int64_t kUnit = 1 << 10;  // paces count KiB

  bool limited_;
  access::Pace pace_;
  uint64_t rest_ = 0;  // less than a unit
};

// Not thread-safe.
class ConnectionLimits {
 public:
  // After a quiet time so many connections of an address may come at once.
  static constexpr int64_t kBurst = 256;

  explicit ConnectionLimits(const ConnectionOptions& options) : options_(options) {}

  // So long an address gets no new connection after one was cut: a client connects again at once.
  static constexpr Micros kAfterCut = kMicrosPerSecond;

  enum class Answer { kWelcome, kServerFull, kAddressFull, kTooFast, kJustCut };

  // Whether one more connection may stay; then it counts until Leave(). `now`: microseconds that
  // only grow.
  Answer Enter(std::string_view address, Micros now);
  void Leave(std::string_view address);
  // One of its connections was cut.
  void Cut(std::string_view address, Micros now);
  // Of an address that has a connection: what comes in on all those of which nobody knows yet whose
  // they are.
  std::shared_ptr<Inflow> InflowOf(std::string_view address) const;

  int64_t open() const { return open_; }
  // Addresses that are kept in mind; those that rest are forgotten when they are many.
  size_t known() const { return addresses_.size(); }

 private:
  struct Books {
    int64_t open = 0;
    access::Pace pace;
    std::shared_ptr<Inflow> inflow;
    Micros closed_until = 0;
  };

  const ConnectionOptions options_;
  int64_t open_ = 0;
  absl::flat_hash_map<std::string, Books> addresses_;
};

}  // namespace caseledger::rpc
