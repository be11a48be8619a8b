// A server stream of a client, read only when told to.
#pragma once

#include <memory>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "tests/integration/support/client.h"

namespace caseledger::testing {

template <typename Response>
class OpenStream {
 public:
  explicit OpenStream(const Client& client) { client.Prepare(context_); }
  ~OpenStream() { Leave(); }
  OpenStream(const OpenStream&) = delete;
  OpenStream& operator=(const OpenStream&) = delete;

  // Unless it has ended.
  void Leave() {
    if (std::exchange(finished_, true)) return;
    context_.TryCancel();
    reader_->Finish();
  }
  // How it ended; after the last message.
  grpc::Status Finish() {
    finished_ = true;
    return reader_->Finish();
  }

 protected:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Response>> reader_;  // to be set by who opens it

 private:
  bool finished_ = false;
};

}  // namespace caseledger::testing
