#include "services/net/host_port.h"

#include <netdb.h>
#include <netinet/in.h>

#include <charconv>
#include <system_error>

namespace caseledger::net {

std::optional<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  HostPort parts;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), parts.port);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (parts.port < 0 || parts.port > 65'535) return std::nullopt;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return std::nullopt;
  }
  if (host.empty()) return std::nullopt;
  parts.host = std::string(host);
  return parts;
}

bool IsAnyAddress(const std::string& host) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  const bool is_any =
      found->ai_family == AF_INET6
          ? IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<sockaddr_in6*>(found->ai_addr)->sin6_addr)
          : reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_addr.s_addr == INADDR_ANY;
  freeaddrinfo(found);
  return is_any;
}

}  // namespace caseledger::net
