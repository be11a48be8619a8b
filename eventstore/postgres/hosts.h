// Where a connection string leads: one database on several hosts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caseledger::eventstore::postgres {

// libpq's settings of the same names: lists with commas, of one length, but for a port that counts
// for all hosts. Empty where none is set.
struct Hosts {
  std::string host;
  std::string hostaddr;
  std::string port;

  friend bool operator==(const Hosts&, const Hosts&) = default;
};

// The others, in their order, when a connection led to the host, its address and the port that
// libpq tells of; nullopt: there are none, or it is not one of these.
std::optional<Hosts> HostsWithout(const Hosts& hosts, std::string_view host,
                                  std::string_view hostaddr, std::string_view port);

}  // namespace caseledger::eventstore::postgres
