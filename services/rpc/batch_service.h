// BatchService: many commands over one stream, answered in order.
#pragma once

#include <grpcpp/grpcpp.h>

#include "caseledger/v1/batch.grpc.pb.h"
#include "services/commands/command_handler.h"

namespace caseledger::rpc {

class BatchServiceImpl final : public v1::BatchService::CallbackService {
 public:
  // Commands of one stream that may await their answer; the stream is not read meanwhile.
  static constexpr size_t kMaxUnanswered = 1024;

  explicit BatchServiceImpl(commands::CommandHandler& handler) : handler_(handler) {}

  grpc::ServerBidiReactor<v1::ExecuteRequest, v1::ExecuteResponse>* Execute(
      grpc::CallbackServerContext* context) override;

 private:
  commands::CommandHandler& handler_;
};

}  // namespace caseledger::rpc
