// The gRPC port of a server whose ledgers are in a database: open from its start, so that callers
// may call any server. While another one is at work their connections are passed on to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "services/app/server/options.h"
#include "services/net/relay.h"
#include "services/rpc/connections/acceptor.h"

namespace caseledger::app {

// Thread-safe, but Open, PassOnTo and TakeOver come from one thread.
class Port {
 public:
  // What it is given must outlive it.
  Port(const ServerOptions& options, rpc::OnEnding on_ending)
      : options_(options), on_ending_(std::move(on_ending)) {}
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // UNAVAILABLE       the port cannot be had: it is then opened when it is this server's turn
  // INVALID_ARGUMENT  --listen or --advertise is no address
  absl::Status Open();

  // Where others reach this server: --advertise, or what it listens on, with the name of this
  // machine for all of its addresses.
  std::string address() const;

  // Where the server at work is; "" when there is none. Once in a while, with the same or another.
  void PassOnTo(const std::string& address);

  // It is this server's turn: ends what is passed on, and what comes next, until somebody else
  // starts the acceptor.
  void TakeOver();
  // Null when the port could not be had.
  std::shared_ptr<rpc::Acceptor> acceptor() const { return acceptor_; }

  // Connections that are being passed on.
  int64_t passed_on() const;

 private:
  const ServerOptions& options_;
  const rpc::OnEnding on_ending_;
  std::shared_ptr<rpc::Acceptor> acceptor_;
  std::unique_ptr<net::Relay> relay_;
  std::string target_;
};

}  // namespace caseledger::app
