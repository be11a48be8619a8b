// Calls of services whose stubs Debian does not package, with bytes written by hand.
#pragma once

#include <string>

#include "tests/integration/support/client.h"

namespace caseledger::testing {

grpc::ByteBuffer BytesOf(const std::string& bytes);
std::string TextOf(const grpc::ByteBuffer& bytes);

// Opens any method as a stream, sends the messages, half-closes and reads what comes, at most
// `most` messages, before it ends or is cancelled.
struct StreamEnd {
  grpc::Status status;
  std::vector<std::string> messages;
};
StreamEnd CallStream(const Client& client, const std::string& path,
                     const std::vector<std::string>& messages, size_t most);

// grpc.health.v1.Health/Check: true when the service is SERVING.
bool IsServing(const std::string& address, const std::string& service);

// GET / HTTP/1.1 of a loopback port; the whole answer.
std::string HttpGet(int port, const std::string& path);

}  // namespace caseledger::testing
