#include "services/app/server/port.h"

#include <unistd.h>

#include <array>
#include <optional>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/app/server/logging.h"
#include "services/net/host_port.h"

namespace caseledger::app {
namespace {

constexpr char kGiveAdvertise[] =
    "give each server --advertise with an address at which the others reach it";

std::string HostName() {
  std::array<char, 256> host{};
  return gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "";
}

std::string Spelled(const std::string& host, int port) {
  const bool has_colons = host.find(':') != std::string::npos;
  return has_colons ? StrCat("[", host, "]:", port) : StrCat(host, ":", port);
}

void TellOfTrouble(const absl::Status& status) {
  const char* const first =
      absl::IsUnavailable(status) ? "if that server runs and can be called from elsewhere, " : "";
  Log(LogLevel::kWarn, "calls cannot be passed on",
      {{"reason", std::string(FromAbsl(status.message()))},
       {"next", StrCat(first, kGiveAdvertise)}});
}

void TellWhetherReached(const absl::Status& reached) {
  if (!reached.ok()) return TellOfTrouble(reached);
  Log(LogLevel::kInfo, "the server at work is reached again", {});
}

}  // namespace

// Nobody hands connections to the relay any more when it goes.
Port::~Port() {
  if (acceptor_ != nullptr) acceptor_->StopAccepting();
}

absl::Status Port::Open() {
  if (!options_.advertise.empty()) {
    const auto parts = net::ParseHostPort(options_.advertise);
    if (!parts || parts->port == 0 || net::IsAnyAddress(parts->host)) {
      return absl::InvalidArgumentError(
          StrCat("--advertise ", options_.advertise,
                 ": give HOST:PORT, as in db-host-1.example.org:7400"));
    }
  }
  ASSIGN_OR_RETURN(acceptor_, rpc::OpenAcceptor(options_.listen, options_.connections, on_ending_));
  net::RelayOptions relay;
  relay.most_open = options_.connections.at_a_time;
  relay.on_change = TellWhetherReached;
  relay_ = std::make_unique<net::Relay>(relay);
  acceptor_->Start([relay = relay_.get()](int connection) { relay->Take(connection); });
  return absl::OkStatus();
}

std::string Port::address() const {
  if (!options_.advertise.empty()) return options_.advertise;
  const auto parts = net::ParseHostPort(options_.listen);
  const int port = acceptor_ != nullptr ? acceptor_->port() : parts ? parts->port : 0;
  if (!parts || port == 0) return "";
  return Spelled(net::IsAnyAddress(parts->host) ? HostName() : parts->host, port);
}

void Port::PassOnTo(const std::string& to) {
  if (relay_ == nullptr || to == target_) return;
  target_ = to;
  if (to == address()) {
    // As after a crash, until this server takes its own lease over.
    Log(LogLevel::kInfo, "calls are not passed on: the server at work tells this one's address",
        {{"address", to}, {"next", StrCat("if that is another server, ", kGiveAdvertise)}});
    relay_->PassToNobody();
  } else if (to.empty()) {
    Log(LogLevel::kInfo, "calls are not passed on: no server at work tells its address", {});
    relay_->PassToNobody();
  } else if (const absl::Status status = relay_->PassTo(to); !status.ok()) {
    TellOfTrouble(status);
  } else {
    Log(LogLevel::kInfo, "calls are passed on to the server at work",
        {{"at", address()}, {"to", to}});
  }
}

void Port::TakeOver() {
  if (relay_ != nullptr) relay_->PassToNobody();
}

int64_t Port::passed_on() const { return relay_ == nullptr ? 0 : relay_->open(); }

}  // namespace caseledger::app
