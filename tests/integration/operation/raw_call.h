// Calls of services whose stubs Debian does not package, with bytes written by hand.
#pragma once

#include <grpcpp/generic/generic_stub.h>

#include <memory>
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

// grpc.health.v1.Health/Check, asked by a program: true when the service is SERVING.
bool IsServing(Cast& cast, const std::string& service);

// grpc.health.v1.Health/Watch of one service, on a connection of its own.
class HealthWatch {
 public:
  static constexpr int kServing = 1;
  static constexpr int kNotServing = 2;

  HealthWatch(Cast& cast, const std::string& service);
  ~HealthWatch();

  // Waits for the next status told; 0 when the watch has ended.
  int Next();

 private:
  Client client_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  bool alive_ = false;
};

// GET / HTTP/1.1 of a loopback port; the whole answer.
std::string HttpGet(int port, const std::string& path);

}  // namespace caseledger::testing
