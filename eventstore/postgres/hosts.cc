#include "eventstore/postgres/hosts.h"

#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace caseledger::eventstore::postgres {
namespace {

constexpr char kDefaultPort[] = "5432";

// None for an empty list, where libpq means its default.
std::vector<std::string> Split(const std::string& list) {
  if (list.empty()) return {};
  return absl::StrSplit(list, ',');
}

}  // namespace

std::optional<Hosts> HostsWithout(const Hosts& hosts, std::string_view host,
                                  std::string_view hostaddr, std::string_view port) {
  if (port.empty()) port = kDefaultPort;
  const std::vector<std::string> names = Split(hosts.host), addresses = Split(hosts.hostaddr),
                                 ports = Split(hosts.port);
  // Where there are addresses the names are only for certificates, and may all be the same.
  const std::vector<std::string>& places = addresses.empty() ? names : addresses;
  const std::string_view reached = addresses.empty() ? host : hostaddr;
  std::vector<std::string> other_names, other_addresses, other_ports;
  for (size_t i = 0; i < places.size(); ++i) {
    std::string of_this = i < ports.size() ? ports[i] : ports.size() == 1 ? ports[0] : "";
    if (of_this.empty()) of_this = kDefaultPort;
    if (places[i] == reached && of_this == port) continue;
    if (i < names.size()) other_names.push_back(names[i]);
    if (i < addresses.size()) other_addresses.push_back(addresses[i]);
    other_ports.push_back(std::move(of_this));
  }
  Hosts others{absl::StrJoin(other_names, ","), absl::StrJoin(other_addresses, ","),
               absl::StrJoin(other_ports, ",")};
  // An empty list would mean those of the connection string again.
  const bool has_places = !others.host.empty() || !others.hostaddr.empty();
  if (other_ports.size() == places.size() || !has_places) return std::nullopt;
  return others;
}

}  // namespace caseledger::eventstore::postgres
