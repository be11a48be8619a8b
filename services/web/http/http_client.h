// Sends one request over HTTP and waits for the answer, with bounds on time and bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "services/net/host_port.h"
#include "services/web/http/http_message.h"

namespace caseledger::web {

struct HttpUrl {
  net::HostPort at;
  std::string path;  // "" or begins with a slash, and does not end with one
};

// Of `http://HOST[:PORT][/PATH]`, the port 80 when none is given; nullopt for any other text. There
// is no TLS.
std::optional<HttpUrl> ParseHttpUrl(std::string_view text);

struct HttpClientLimits {
  Micros time = 2 * kMicrosPerSecond;      // for all: connecting, sending, reading
  size_t answer_bytes = size_t{8} * 1024;  // with its headers
};

// Posts `body` to the path below the URL on a connection of its own. UNAVAILABLE when there is no
// whole answer; finding the host's address may take longer than the limits say.
absl::StatusOr<HttpResponse> PostOverHttp(const HttpUrl& url, std::string_view path,
                                          const std::string& content_type, const std::string& body,
                                          const HttpClientLimits& limits = {});

}  // namespace caseledger::web
