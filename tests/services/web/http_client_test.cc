// One request over HTTP, and what the client does not put up with.
#include "services/web/http/http_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "gmock/gmock.h"
#include "services/net/listener.h"
#include "services/web/http/http_server.h"

namespace caseledger::web {
namespace {

using ::testing::HasSubstr;

// Sends the same to whoever asks, and then keeps the connection open.
class RudeServer {
 public:
  // `drip` repeats the last byte for ever.
  explicit RudeServer(std::string answer, bool drip = false)
      : listener_(*net::Listener::Open("127.0.0.1:0")),
        thread_([this, answer = std::move(answer), drip] {
          const int socket = listener_->Accept();
          if (socket < 0) return;
          std::array<char, 1> first{};
          while (recv(socket, first.data(), 1, 0) < 0) std::this_thread::yield();
          send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
          while (drip && send(socket, &answer.back(), 1, MSG_NOSIGNAL) > 0) {
            std::this_thread::yield();
          }
          while (listener_->Accept() >= 0) {
          }
          close(socket);
        }) {}
  ~RudeServer() {
    listener_->Stop();
    thread_.join();
  }
  HttpUrl url() const { return {{"127.0.0.1", listener_->port()}, ""}; }

 private:
  const std::unique_ptr<net::Listener> listener_;
  std::thread thread_;
};

HttpClientLimits Impatient() {
  HttpClientLimits limits;
  limits.time = 100'000;
  return limits;
}

TEST(HttpUrls, AreReadFromWhatFlagsSay) {
  struct Row {
    const char* text;
    const char* host;
    int port;
    const char* path;
  };
  for (const Row& row :
       {Row{"http://127.0.0.1:7404", "127.0.0.1", 7404, ""},
        Row{"http://witness.example", "witness.example", 80, ""},
        Row{"http://witness.example/", "witness.example", 80, ""},
        Row{"http://witness.example:81/w1/", "witness.example", 81, "/w1"},
        Row{"http://[::1]:7404/a/b", "::1", 7404, "/a/b"}, Row{"http://[::1]", "::1", 80, ""}}) {
    const auto url = ParseHttpUrl(row.text);
    ASSERT_TRUE(url.has_value()) << row.text;
    EXPECT_EQ(url->at.host, row.host);
    EXPECT_EQ(url->at.port, row.port);
    EXPECT_EQ(url->path, row.path);
  }
  for (const char* text : {"", "127.0.0.1:7404", "https://a", "http://", "http:///x", "http://a:0",
                           "http://a:x", "http://u@a", "http://a/x?y", "http://a/x#y", "http://a b",
                           "http://a/ ", "http://::1", "HTTP://a"}) {
    EXPECT_FALSE(ParseHttpUrl(text).has_value()) << text;
  }
}

TEST(HttpAsking, BringsTheAnswer) {
  HttpLimits limits;
  limits.body_bytes = 1000;
  const auto server = StartHttpServer("127.0.0.1:0", limits, [](const HttpRequest& request) {
    return HttpResponse{409, "text/x.tlog.size", request.target + " " + request.body, {}};
  });
  ASSERT_TRUE(server.ok()) << server.status();
  const auto answer =
      PostOverHttp({{"127.0.0.1", (*server)->port()}, "/w1"}, "/add", "text/plain", "old 7\n");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 409);
  EXPECT_EQ(answer->content_type, "text/x.tlog.size");
  EXPECT_EQ(answer->body, "/w1/add old 7\n");
}

TEST(HttpAsking, NobodyThereIsSaid) {
  int port = 0;
  {
    const auto listener = net::Listener::Open("127.0.0.1:0");
    port = (*listener)->port();
  }
  const auto answer = PostOverHttp({{"127.0.0.1", port}, ""}, "/add", "text/plain", "x");
  EXPECT_TRUE(absl::IsUnavailable(answer.status())) << answer.status();
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr(std::to_string(port)));
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("it cannot be reached"));
}

TEST(HttpAsking, ItWaitsNoLongerThanItWasTold) {
  const std::vector<std::pair<std::string, bool>> rude = {
      {"H", false},                                               // not even a status line
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", false},  // half a body
      {"HTTP/1.1 200 OK\r\nA: b", true},                          // a header without end
      {"HTTP/1.1 200 OK\r\n\r\nb", true},                         // a body without end
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", true},
      {"HTTP/1.1 100 Continue\r\n\r\n", false}};
  for (const auto& [bytes, drip] : rude) {
    const RudeServer server(bytes, drip);
    const auto answer = PostOverHttp(server.url(), "/add", "text/plain", "x", Impatient());
    EXPECT_FALSE(answer.ok()) << bytes;
  }
}

TEST(HttpAsking, AnswersMadeToBreakItsReaderAreNone) {
  const std::string long_line(7000, 'x');
  for (const std::string& bytes :
       {"HTTP/1.1 200 " + long_line + "\r\n\r\n", std::string("HTTP/1.1 2000 OK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nab"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
        std::string("\0\0\0\0", 4), std::string("SSH-2.0-OpenSSH_9.2\r\n"),
        "HTTP/1.1 200 OK\r\n" + long_line + ": " + long_line + "\r\n\r\n"}) {
    const RudeServer server(bytes);
    const auto answer = PostOverHttp(server.url(), "/add", "text/plain", "x", Impatient());
    // Whatever is made of it, it is small.
    const size_t taken = answer.ok() ? answer->body.size() : 0;
    EXPECT_LE(taken, HttpClientLimits().answer_bytes);
  }
}

TEST(HttpAsking, ALongAnswerIsCutOff) {
  HttpClientLimits limits;
  limits.answer_bytes = 1000;
  const RudeServer server("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" +
                          std::string(100'000, 'x'));
  EXPECT_FALSE(PostOverHttp(server.url(), "/add", "text/plain", "x", limits).ok());
}

}  // namespace
}  // namespace caseledger::web
