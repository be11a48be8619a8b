// Addresses as flags and URLs spell them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caseledger::net {

struct HostPort {
  std::string host;  // a name or a number; IPv6 without brackets
  int port = 0;
};

// Of `HOST:PORT` or `[IPV6]:PORT`, the port from 0 to 65535; nullopt for any other text.
std::optional<HostPort> ParseHostPort(std::string_view text);

}  // namespace caseledger::net
