// What an HTTP request asks and what is answered, without sockets: handlers are plain functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace caseledger::web {

struct HttpRequest {
  std::string method;
  std::string target;  // as it was sent, never decoded: each resource has one spelling
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // besides type and length
};

inline constexpr char kPlainText[] = "text/plain; charset=utf-8";

// A refusal that says why in one sentence, which ends without a newline.
inline HttpResponse PlainAnswer(int status, std::string_view sentence) {
  return {status, kPlainText, std::string(sentence) + "\n", {{"Cache-Control", "no-store"}}};
}

// Called by several threads at a time. Of HEAD the server leaves out the body.
using HttpHandler = std::function<HttpResponse(const HttpRequest& request)>;

}  // namespace caseledger::web
