#include "services/web/http/http_server.h"

#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <exception>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/thread.h"
#include "services/net/listener.h"
#include "services/web/http/socket_stream.h"

namespace caseledger::web {
namespace {

constexpr std::string_view kOverloaded =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    "Content-Length: 0\r\n\r\n";

void Fill(const HttpResponse& from, httplib::Response& to) {
  to.status = from.status;
  to.set_content(from.body, from.content_type);
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
}

bool HasBody(const httplib::Request& request) {
  return request.has_header("Content-Length") || request.has_header("Transfer-Encoding");
}

// httplib's parser and writer of messages; the connections are ours.
class Parser final : public httplib::Server {
 public:
  Parser(const HttpLimits& limits, HttpHandler handler)
      : limits_(limits), handler_(std::move(handler)) {
    set_payload_max_length(limits.body_bytes);
    set_keep_alive_max_count(limits.requests_per_connection);
    set_keep_alive_timeout(limits.idle_time / kMicrosPerSecond);
    set_default_headers({{"X-Content-Type-Options", "nosniff"}});
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      return BeforeBody(request, response);
    });
    Post(".*", [this](const httplib::Request& request, httplib::Response& response) {
      Answer(request, response);
    });
  }

  // What is to become of a connection after a request.
  enum class Next { kGoOn, kClose, kCloseUnread };

  Next Serve(SocketStream& stream, bool last) {
    bool closed = false;
    bool body_unread = false;
    bool answered = false;
    try {
      answered = process_request(stream, last, closed, [&](httplib::Request& request) {
        // A range could be asked for a thousand times over in one header; servers may ignore it.
        request.ranges.clear();
        body_unread = !ReadsBodyOf(request) && HasBody(request);
      });
    } catch (const std::exception&) {  // a request made to break its reader
    }
    if (!answered || body_unread) return Next::kCloseUnread;
    if (!closed && !last) return Next::kGoOn;
    return stream.AwaitData(0) ? Next::kCloseUnread : Next::kClose;
  }

 private:
  bool ReadsBodyOf(const httplib::Request& request) const {
    return limits_.body_bytes > 0 && request.method == "POST" &&
           !request.has_header("Content-Encoding");  // what is unpacked has no bound
  }

  HandlerResponse BeforeBody(const httplib::Request& request, httplib::Response& response) {
    if (ReadsBodyOf(request)) return HandlerResponse::Unhandled;
    if (HasBody(request)) response.set_header("Connection", "close");
    if (limits_.body_bytes > 0 && request.method == "POST") {
      Fill(PlainAnswer(415, "send the body as it is, without a Content-Encoding"), response);
    } else {
      Answer(request, response);
    }
    return HandlerResponse::Handled;
  }

  void Answer(const httplib::Request& request, httplib::Response& response) const {
    Fill(handler_({request.method, request.target, request.body}), response);
  }

  const HttpLimits limits_;
  const HttpHandler handler_;
};

class RunningHttpServer final : public HttpServer {
 public:
  RunningHttpServer(std::unique_ptr<net::Listener> listener, const HttpLimits& limits,
                    HttpHandler handler)
      : listener_(std::move(listener)),
        port_(listener_->port()),
        limits_(limits),
        parser_(limits, std::move(handler)) {
    for (size_t i = 0; i < limits.threads; ++i) {
      workers_.emplace_back("http", [this] { Work(); });
    }
    acceptor_ = Thread("http-accept", [this] { Accept(); });
  }
  ~RunningHttpServer() override { Stop(); }

  int port() const override { return port_; }

  void Stop() override {
    {
      MutexLock lock(&mutex_);
      if (stopping_) return;
      stopping_ = true;
      // Whoever waits for a request reads its end; answers still go out.
      for (const int socket : open_) shutdown(socket, SHUT_RD);
    }
    listener_->Stop();
    acceptor_.Join();
    listener_.reset();  // whoever connects now is refused and does not wait
    for (Thread& worker : workers_) worker.Join();
    MutexLock lock(&mutex_);
    for (const int socket : waiting_) close(socket);
    waiting_.clear();
  }

 private:
  void Accept() {
    while (true) {
      const int socket = listener_->Accept();
      if (socket < 0) return;
      MutexLock lock(&mutex_);
      if (waiting_.size() < limits_.waiting) {
        waiting_.push_back(socket);
        continue;
      }
      send(socket, kOverloaded.data(), kOverloaded.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      close(socket);
    }
  }

  void Work() {
    while (true) {
      const int socket = NextConnection();
      if (socket < 0) return;
      ServeConnection(socket);
      MutexLock lock(&mutex_);
      open_.erase(socket);
      close(socket);
    }
  }

  void ServeConnection(int socket) {
    SocketStream stream(socket);
    for (size_t served = 1; stream.AwaitData(limits_.idle_time); ++served) {
      stream.Begin(limits_.header_bytes + limits_.body_bytes, limits_.request_time);
      const Parser::Next next = parser_.Serve(stream, IsLast(served));
      if (next == Parser::Next::kGoOn) continue;
      if (next == Parser::Next::kCloseUnread) stream.FinishWriting();
      return;
    }
  }

  // -1 when stopping.
  int NextConnection() {
    MutexLock lock(&mutex_);
    mutex_.Await(this, &RunningHttpServer::HasWork);
    if (stopping_) return -1;
    const int socket = waiting_.front();
    waiting_.pop_front();
    open_.insert(socket);
    return socket;
  }
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || !waiting_.empty(); }

  // A connection gives way to others that wait for its thread.
  bool IsLast(size_t request) {
    MutexLock lock(&mutex_);
    return request >= limits_.requests_per_connection || stopping_ || !waiting_.empty();
  }

  std::unique_ptr<net::Listener> listener_;  // of the acceptor, until it has ended
  const int port_;
  const HttpLimits limits_;
  Parser parser_;
  Mutex mutex_;
  std::deque<int> waiting_ ABSL_GUARDED_BY(mutex_);
  std::set<int> open_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Thread> workers_;
  Thread acceptor_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> StartHttpServer(const std::string& address,
                                                            const HttpLimits& limits,
                                                            HttpHandler handler) {
  ASSIGN_OR_RETURN(std::unique_ptr<net::Listener> listener, net::Listener::Open(address));
  return std::make_unique<RunningHttpServer>(std::move(listener), limits, std::move(handler));
}

}  // namespace caseledger::web
