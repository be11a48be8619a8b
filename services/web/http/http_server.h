// An HTTP/1.1 server with bounds on everything: threads, waiting connections, time, bytes. Requests
// are parsed by cpp-httplib, whose own server has no bound on its queue, on the time of a request,
// or on the number of headers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "services/web/http/http_message.h"

namespace caseledger::web {

struct HttpLimits {
  size_t threads = 4;                           // connections served at a time
  size_t waiting = 64;                          // connections waiting for these; others get 503
  size_t requests_per_connection = 10'000;      // and fewer while other connections wait
  size_t header_bytes = size_t{16} * 1024;      // request line and headers
  size_t body_bytes = 0;                        // of a POST; 0: bodies are not read
  Micros request_time = 10 * kMicrosPerSecond;  // from first byte to the answer's last
  Micros idle_time = 5 * kMicrosPerSecond;      // between the requests of a connection
};

// Thread-safe.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  virtual int port() const = 0;
  // Takes no more connections, ends idle ones, and returns when what was asked is answered.
  // Idempotent.
  virtual void Stop() = 0;
};

// Requests other than POST, and POST while `body_bytes` is 0, reach the handler without a body.
// INVALID_ARGUMENT and UNAVAILABLE as net::Listener::Open.
absl::StatusOr<std::unique_ptr<HttpServer>> StartHttpServer(const std::string& address,
                                                            const HttpLimits& limits,
                                                            HttpHandler handler);

}  // namespace caseledger::web
