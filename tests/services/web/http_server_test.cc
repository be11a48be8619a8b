// The HTTP server over real sockets: what it answers, and what it does not put up with.
#include "services/web/http/http_server.h"

#include <future>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/raw_connection.h"

namespace caseledger::web {
namespace {

using testing::Exchange;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RawConnection;
using ::testing::StartsWith;

constexpr char kGet[] = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char kLastGet[] = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// Says what was asked.
HttpResponse Echo(const HttpRequest& request) {
  return PlainAnswer(200, request.method + " " + request.target + " [" + request.body + "]");
}

std::unique_ptr<HttpServer> Start(const HttpLimits& limits, HttpHandler handler = Echo) {
  auto server = StartHttpServer("127.0.0.1:0", limits, std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

HttpLimits WithBodies(size_t bytes) {
  HttpLimits limits;
  limits.body_bytes = bytes;
  return limits;
}

std::string PostOf(const std::string& body, const std::string& headers = "") {
  return "POST /add HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(HttpServing, TheHandlerSeesTheTargetAsItWasSent) {
  const auto server = Start({});
  const std::string answer =
      Exchange(server->port(), "GET /a%62/../c?d=%65#f HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("GET /a%62/../c?d=%65"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff"));
}

TEST(HttpServing, OfHeadTheBodyIsLeftOut) {
  const auto server = Start({});
  const std::string answer =
      Exchange(server->port(), "HEAD /x HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 11\r\n"));  // of "HEAD /x []\n"
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(HttpServing, AConnectionTakesRequestsOneAfterTheOther) {
  const auto server = Start({});
  RawConnection connection(server->port());
  connection.Send(std::string(kGet) + kGet + kLastGet);  // sent without waiting
  const std::string answers = connection.ReadToEnd();
  size_t count = 0;
  for (size_t at = answers.find("GET /x []"); at != std::string::npos;
       at = answers.find("GET /x []", at + 1)) {
    ++count;
  }
  EXPECT_EQ(count, 3u) << answers;
}

TEST(HttpServing, ABodyThatIsNotReadEndsTheConnection) {
  const auto server = Start({});
  // Were the connection to go on, the body would be taken for another request.
  const std::string request =
      "POST /x HTTP/1.1\r\nContent-Length: " + std::to_string(sizeof(kGet) - 1) + "\r\n\r\n" + kGet;
  const std::string answer = Exchange(server->port(), request);
  EXPECT_THAT(answer, HasSubstr("POST /x []"));
  EXPECT_THAT(answer, Not(HasSubstr("GET /x")));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST(HttpServing, BodiesAreReadUpToTheirBound) {
  const auto server = Start(WithBodies(100));
  EXPECT_THAT(Exchange(server->port(), PostOf(std::string(100, 'b'))),
              HasSubstr("POST /add [" + std::string(100, 'b') + "]"));
  EXPECT_THAT(Exchange(server->port(), PostOf(std::string(101, 'b'))), StartsWith("HTTP/1.1 413 "));
  const std::string chunked =
      "POST /add HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(Exchange(server->port(), chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
              HasSubstr("[abcde]"));
  EXPECT_THAT(Exchange(server->port(), PostOf("packed", "Content-Encoding: gzip\r\n")),
              StartsWith("HTTP/1.1 415 "));
}

TEST(HttpServing, ChunksWithoutEndAreCutOff) {
  const auto server = Start(WithBodies(100));
  RawConnection connection(server->port());
  connection.Send("POST /add HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "400\r\n" + std::string(1024, 'c') + "\r\n";
  // Far more than the system's buffers hold: whoever reads it all is found out by the clock.
  for (int i = 0; i < 100'000 && connection.Send(chunk); ++i) {
  }
  EXPECT_THAT(connection.ReadToEnd(), Not(HasSubstr("200")));
}

TEST(HttpServing, HeadersWithoutEndAreCutOff) {
  const auto server = Start({});
  RawConnection connection(server->port());
  connection.Send("GET /x HTTP/1.1\r\n");
  const std::string header = "A: " + std::string(1000, 'a') + "\r\n";
  int sent = 0;
  while (sent < 100'000 && connection.Send(header)) ++sent;
  EXPECT_LT(sent, 100'000) << "the server took 100 MB of headers";
}

TEST(HttpServing, ASlowRequestIsGivenUp) {
  HttpLimits limits;
  limits.threads = 1;
  limits.request_time = 50'000;
  const auto server = Start(limits);
  RawConnection slow(server->port());
  slow.Send("GET /x HT");
  EXPECT_THAT(slow.ReadToEnd(), IsEmpty());
  EXPECT_THAT(Exchange(server->port(), kLastGet), HasSubstr("GET /x []"));
}

TEST(HttpServing, AnIdleConnectionGivesItsThreadBack) {
  HttpLimits limits;
  limits.threads = 1;
  limits.idle_time = 50'000;
  const auto server = Start(limits);
  RawConnection idle(server->port());
  EXPECT_THAT(Exchange(server->port(), kLastGet), HasSubstr("GET /x []"));
  EXPECT_THAT(idle.ReadToEnd(), IsEmpty());
}

TEST(HttpServing, RangesAreIgnored) {
  const auto server = Start({});
  std::string many = "bytes=0-";
  for (int i = 0; i < 2500; ++i) many += ",0-";
  for (const std::string& range : {std::string("bytes=0-1"), many}) {
    const std::string answer = Exchange(
        server->port(), "GET /x HTTP/1.1\r\nConnection: close\r\nRange: " + range + "\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer, HasSubstr("GET /x []"));
  }
}

TEST(HttpServing, WhatIsNoRequestIsRefused) {
  const auto server = Start({});
  for (const char* bytes : {"\r\n\r\n", "GET\r\n\r\n", "GET /x HTTP/9.9\r\n\r\n",
                            "\x16\x03\x01\x02", "GET /x HTTP/1.1\r\nno colon\r\n\r\n"}) {
    RawConnection connection(server->port());
    connection.Send(std::string(bytes) + "\r\n" + kLastGet);
    EXPECT_THAT(connection.ReadToEnd(), Not(HasSubstr(" 500 "))) << bytes;
  }
  EXPECT_THAT(Exchange(server->port(), kLastGet), HasSubstr("GET /x []"));
}

// Holds requests inside the handler.
struct Held {
  std::promise<void> entered;
  std::promise<void> released;
  HttpResponse operator()(const HttpRequest& request) {
    entered.set_value();
    released.get_future().wait();
    return Echo(request);
  }
};

TEST(HttpServing, WhatFindsNoPlaceIsToldToComeBack) {
  HttpLimits limits;
  limits.threads = 1;
  limits.waiting = 1;
  Held held;
  bool first = true;
  const auto server = Start(limits, [&](const HttpRequest& request) {
    return std::exchange(first, false) ? held(request) : Echo(request);
  });
  RawConnection served(server->port());
  served.Send(kLastGet);
  held.entered.get_future().wait();
  RawConnection waiting(server->port());
  waiting.Send(kLastGet);
  RawConnection refused(server->port());
  EXPECT_THAT(refused.ReadToEnd(), StartsWith("HTTP/1.1 503 "));
  held.released.set_value();
  EXPECT_THAT(served.ReadToEnd(), HasSubstr("GET /x []"));
  EXPECT_THAT(waiting.ReadToEnd(), HasSubstr("GET /x []"));
}

TEST(HttpServing, AConnectionGivesWayToOneThatWaits) {
  HttpLimits limits;
  limits.threads = 1;
  limits.idle_time = 3600 * kMicrosPerSecond;
  Held held;
  bool first = true;
  const auto server = Start(limits, [&](const HttpRequest& request) {
    return std::exchange(first, false) ? held(request) : Echo(request);
  });
  RawConnection greedy(server->port());
  greedy.Send(kGet);
  held.entered.get_future().wait();
  RawConnection waiting(server->port());
  held.released.set_value();
  EXPECT_THAT(greedy.ReadThrough("GET /x []"), HasSubstr("200"));
  while (greedy.Send(kGet) && !greedy.ReadThrough("GET /x []").empty()) {
  }
  waiting.Send(kLastGet);
  EXPECT_THAT(waiting.ReadToEnd(), HasSubstr("GET /x []"));
}

TEST(HttpServing, WhatWasAskedIsAnsweredBeforeTheEnd) {
  HttpLimits limits;
  limits.idle_time = 3600 * kMicrosPerSecond;
  limits.request_time = 3600 * kMicrosPerSecond;
  Held held;
  const auto server = Start(limits, [&](const HttpRequest& request) { return held(request); });
  RawConnection idle(server->port());
  RawConnection half(server->port());
  half.Send("GET /x HT");
  RawConnection asking(server->port());
  asking.Send(kGet);
  held.entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { server->Stop(); });
  EXPECT_THAT(idle.ReadToEnd(), IsEmpty());
  EXPECT_THAT(half.ReadToEnd(), Not(HasSubstr(" 200 ")));
  held.released.set_value();
  EXPECT_THAT(asking.ReadToEnd(), HasSubstr("GET /x []"));
  stopped.wait();
  EXPECT_TRUE(StartHttpServer("127.0.0.1:" + std::to_string(server->port()), {}, Echo).ok())
      << "the port is free again";
}

TEST(HttpServing, ATakenPortAndABadAddressAreRefused) {
  const auto server = Start({});
  const std::string taken = "127.0.0.1:" + std::to_string(server->port());
  EXPECT_TRUE(absl::IsUnavailable(StartHttpServer(taken, {}, Echo).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(StartHttpServer("7402", {}, Echo).status()));
  const auto other = StartHttpServer("localhost:0", {}, Echo);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE((*other)->port(), server->port());
}

}  // namespace
}  // namespace caseledger::web
