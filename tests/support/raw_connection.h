// A TCP connection to a server on this machine, byte by byte as a test wants it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace caseledger::testing {

class RawConnection {
 public:
  explicit RawConnection(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  }
  ~RawConnection() { close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // False when the server has closed the connection.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // All that comes until the server closes the connection.
  std::string ReadToEnd() {
    while (ReadSome()) {
    }
    return received_;
  }
  // What came up to and with `text`; "" when the server closed the connection before.
  std::string ReadThrough(std::string_view text) {
    while (true) {
      const size_t at = received_.find(text);
      if (at != std::string::npos) {
        std::string read = received_.substr(0, at + text.size());
        received_.erase(0, at + text.size());
        return read;
      }
      if (!ReadSome()) return "";
    }
  }

 private:
  bool ReadSome() {
    std::array<char, 4096> buffer;
    const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    received_.append(buffer.data(), static_cast<size_t>(count));
    return true;
  }

  const int socket_;
  std::string received_;
};

// Sends a request on a connection of its own; what came until the server closed it.
inline std::string Exchange(int port, const std::string& request) {
  RawConnection connection(port);
  connection.Send(request);
  return connection.ReadToEnd();
}

struct Fetched {
  int status = 0;  // 0: no answer
  std::string head;
  std::string body;
};

// The answer to a request for `target`.
inline Fetched Fetch(int port, const std::string& target, const std::string& method = "GET") {
  const std::string answer = Exchange(
      port, method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const size_t end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || end == std::string::npos) return {};
  return {std::atoi(answer.c_str() + 9), answer.substr(0, end), answer.substr(end + 4)};
}

}  // namespace caseledger::testing
