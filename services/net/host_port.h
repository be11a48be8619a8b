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

// Whether the host is a number that stands for all addresses of a machine, in any spelling: one can
// listen there, and not call it.
bool IsAnyAddress(const std::string& host);

}  // namespace caseledger::net
