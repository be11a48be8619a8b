#include "tests/integration/access/any_call.h"

#include <grpcpp/generic/generic_stub.h>

#include <chrono>

#include "tests/integration/support/client.h"

namespace caseledger::testing {

std::vector<std::string> EveryPath() {
  std::vector<std::string> paths{"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch",
                                 "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                 "/caseledger.v1.NoSuchService/NoSuchMethod"};
  for (const auto* method : PublicMethods()) {
    paths.push_back("/" + method->service()->full_name() + "/" + method->name());
  }
  return paths;
}

grpc::Status CallAny(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                     const std::vector<std::string>& authorizations, Deadline deadline) {
  grpc::ClientContext context;
  for (const std::string& value : authorizations) context.AddMetadata("authorization", value);
  if (deadline == Deadline::kSet) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const auto stream = stub.PrepareCall(&context, path, &queue);
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  stream->StartCall(nullptr);
  bool good = done();
  if (good) {
    stream->WriteLast(grpc::ByteBuffer(nullptr, 0), grpc::WriteOptions(), nullptr);
    good = done();
  }
  grpc::ByteBuffer reply;
  if (good) {
    stream->Read(&reply, nullptr);
    good = done();
  }
  if (good) context.TryCancel();
  grpc::Status status;
  stream->Finish(&status, nullptr);
  done();
  return good ? grpc::Status::OK : status;
}

}  // namespace caseledger::testing
