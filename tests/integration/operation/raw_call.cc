#include "tests/integration/operation/raw_call.h"

#include <arpa/inet.h>
#include <grpcpp/generic/generic_stub.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "gtest/gtest.h"

namespace caseledger::testing {
namespace {

// Waits for the one operation that was started. False when it failed.
bool Await(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

// HealthCheckRequest { string service = 1; }, answered by HealthCheckResponse { status = 1; }.
grpc::ByteBuffer HealthRequest(const std::string& service) {
  if (service.empty()) return BytesOf("");
  return BytesOf(std::string("\x0a") + static_cast<char>(service.size()) + service);
}

// A program of the operator's, without a person and without a role.
Who Monitor() { return {"", Cast::Administrator().agency, ""}; }

}  // namespace

grpc::ByteBuffer BytesOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string TextOf(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(bytes.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

StreamEnd CallStream(const Client& client, const std::string& path,
                     const std::vector<std::string>& messages, size_t most) {
  StreamEnd end;
  grpc::ClientContext context;
  client.Prepare(context);
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(client.channel());
  const auto stream = stub.PrepareCall(&context, path, &queue);
  stream->StartCall(nullptr);
  bool alive = Await(queue);
  for (size_t i = 0; alive && i < messages.size(); ++i) {
    stream->Write(BytesOf(messages[i]), nullptr);
    alive = Await(queue);
  }
  if (alive) {
    stream->WritesDone(nullptr);
    alive = Await(queue);
  }
  while (alive && end.messages.size() < most) {
    grpc::ByteBuffer message;
    stream->Read(&message, nullptr);
    alive = Await(queue);
    if (alive) end.messages.push_back(TextOf(message));
  }
  if (alive) context.TryCancel();
  stream->Finish(&end.status, nullptr);
  Await(queue);
  queue.Shutdown();
  return end;
}

bool IsServing(Cast& cast, const std::string& service) {
  grpc::ByteBuffer reply;
  const grpc::Status status =
      Client(cast, "", Monitor())
          .CallRaw("/grpc.health.v1.Health/Check", HealthRequest(service), reply);
  return status.ok() && TextOf(reply) == std::string("\x08\x01");
}

HealthWatch::HealthWatch(Cast& cast, const std::string& service)
    : client_(cast, "", Monitor()), stub_(client_.channel()) {
  client_.Prepare(context_);
  stream_ = stub_.PrepareCall(&context_, "/grpc.health.v1.Health/Watch", &queue_);
  stream_->StartCall(nullptr);
  alive_ = Await(queue_);
  if (!alive_) return;
  stream_->WriteLast(HealthRequest(service), grpc::WriteOptions(), nullptr);
  alive_ = Await(queue_);
}

HealthWatch::~HealthWatch() {
  context_.TryCancel();
  grpc::Status ignored;
  stream_->Finish(&ignored, nullptr);
  Await(queue_);
  queue_.Shutdown();
}

int HealthWatch::Next() {
  if (!alive_) return 0;
  grpc::ByteBuffer message;
  stream_->Read(&message, nullptr);
  alive_ = Await(queue_);
  if (!alive_) return 0;
  const std::string bytes = TextOf(message);
  return bytes.size() == 2 && bytes[0] == 8 ? bytes[1] : -1;
}

std::string HttpGet(int port, const std::string& path) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  std::string answer;
  if (connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(send(connection, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::array<char, 4096> buffer{};
    ssize_t count = 0;
    while ((count = recv(connection, buffer.data(), buffer.size(), 0)) > 0) {
      answer.append(buffer.data(), static_cast<size_t>(count));
    }
  }
  close(connection);
  return answer;
}

}  // namespace caseledger::testing
