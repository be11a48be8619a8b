#include "eventstore/postgres/hosts.h"

#include <algorithm>
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
                                  std::string_view port) {
  const std::vector<std::string> names = Split(hosts.host), addresses = Split(hosts.hostaddr),
                                 ports = Split(hosts.port);
  std::vector<std::string> other_names, other_addresses, other_ports;
  const size_t count = std::max(names.size(), addresses.size());
  for (size_t i = 0; i < count; ++i) {
    std::string of_this = i < ports.size() ? ports[i] : ports.size() == 1 ? ports[0] : "";
    if (of_this.empty()) of_this = kDefaultPort;
    const bool is_it =
        (i < names.size() && names[i] == host) || (i < addresses.size() && addresses[i] == host);
    if (is_it && of_this == port) continue;
    if (i < names.size()) other_names.push_back(names[i]);
    if (i < addresses.size()) other_addresses.push_back(addresses[i]);
    other_ports.push_back(std::move(of_this));
  }
  if (other_ports.empty()) return std::nullopt;
  return Hosts{absl::StrJoin(other_names, ","), absl::StrJoin(other_addresses, ","),
               absl::StrJoin(other_ports, ",")};
}

}  // namespace caseledger::eventstore::postgres
