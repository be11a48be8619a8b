#include "services/web/http/http_client.h"

#include <httplib.h>

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/scheduler.h"
#include "eventstore/base/strings.h"
#include "services/web/http/socket_stream.h"

namespace caseledger::web {
namespace {

constexpr std::string_view kScheme = "http://";

// httplib's writer and parser of messages, over a connection with an end to its patience.
class BoundedClient final : public httplib::ClientImpl {
 public:
  BoundedClient(const net::HostPort& at, const HttpClientLimits& limits)
      : ClientImpl(at.host, at.port), limits_(limits), deadline_(MonotonicNow() + limits.time) {
    set_connection_timeout(limits.time / kMicrosPerSecond, limits.time % kMicrosPerSecond);
    set_tcp_nodelay(true);
    set_decompress(false);  // what is unpacked has no bound
  }

 private:
  bool process_socket(const Socket& socket,
                      std::function<bool(httplib::Stream& stream)> callback) override {
    SocketStream stream(socket.sock);
    stream.Begin(limits_.answer_bytes, deadline_ - MonotonicNow());
    return callback(stream);
  }

  const HttpClientLimits limits_;
  const Micros deadline_;  // of MonotonicNow
};

std::string TextOf(httplib::Error error) {
  switch (static_cast<int>(error)) {
    case static_cast<int>(httplib::Error::Connection):
    case static_cast<int>(httplib::Error::ConnectionTimeout):
      return "it cannot be reached";
    case static_cast<int>(httplib::Error::Read):
    case static_cast<int>(httplib::Error::Write):
      return "it took too long, or broke off";
    default:
      return httplib::to_string(error);
  }
}

}  // namespace

std::optional<HttpUrl> ParseHttpUrl(std::string_view text) {
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  const size_t slash = std::min(text.find('/'), text.size());
  std::string authority(text.substr(0, slash));
  std::string_view path = text.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.find_first_of("?# ") != std::string_view::npos) return std::nullopt;
  const bool has_port = authority.rfind(':') != std::string::npos && !authority.ends_with(']');
  if (!has_port) authority += ":80";
  std::optional<net::HostPort> at = net::ParseHostPort(authority);
  if (!at || at->port == 0 || at->host.find_first_of("@?# ") != std::string::npos) {
    return std::nullopt;
  }
  return HttpUrl{*std::move(at), std::string(path)};
}

absl::StatusOr<HttpResponse> PostOverHttp(const HttpUrl& url, std::string_view path,
                                          const std::string& content_type, const std::string& body,
                                          const HttpClientLimits& limits) {
  try {
    BoundedClient client(url.at, limits);
    const httplib::Result answer = client.Post(StrCat(url.path, path), body, content_type);
    if (answer) {
      return HttpResponse{
          answer->status, answer->get_header_value("Content-Type"), answer->body, {}};
    }
    return absl::UnavailableError(
        StrCat("no answer from ", url.at.host, ":", url.at.port, ": ", TextOf(answer.error())));
  } catch (const std::exception&) {  // an answer made to break its reader
    return absl::UnavailableError(StrCat("no good answer from ", url.at.host, ":", url.at.port));
  }
}

}  // namespace caseledger::web
