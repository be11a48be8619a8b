// Server streams that end before they begin.
#pragma once

#include <grpcpp/grpcpp.h>

namespace caseledger::rpc {

// A reactor that only answers with an error.
template <typename Message>
grpc::ServerWriteReactor<Message>* Refuse(const grpc::Status& status) {
  class Refusal final : public grpc::ServerWriteReactor<Message> {
   public:
    explicit Refusal(const grpc::Status& why) { this->Finish(why); }
    void OnDone() override { delete this; }
  };
  return new Refusal(status);
}

// A reactor that answers with an error once somebody says so: Finish(status), exactly once.
template <typename Message>
class LateRefusal final : public grpc::ServerWriteReactor<Message> {
 public:
  void OnDone() override { delete this; }
};

}  // namespace caseledger::rpc
