// One adapter for every command method: all requests have the shape {header, record id, fact}.
#pragma once

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "caseledger/v1/common.pb.h"
#include "services/commands/command_handler.h"
#include "services/rpc/peer.h"

namespace caseledger::rpc {

// The command a request stands for, taken out of it: its messages are empty afterwards. `request`
// must have the shape; the architecture test checks that all have.
v1::Command ToCommand(google::protobuf::Message& request);

// The same status with its violations named as the client of a method sees the fields: `fact.line`
// where the command says `fact.contact_received.line`, `case_id` where it says `record_id`.
absl::Status InTermsOf(const google::protobuf::Message& request, const absl::Status& status);

// Takes out what ended in other records with a consent: whoever records its withdrawal need not
// know of the cases it was for.
void HideOthers(v1::CommandResult& result);

// Thread-safe.
class CommandAdapter {
 public:
  CommandAdapter(commands::CommandHandler& handler, const Callers& callers)
      : handler_(handler), callers_(callers) {}

  // Carries the request out and finishes the call.
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context,
                                const google::protobuf::Message* request,
                                v1::CommandResult* result);

 private:
  commands::CommandHandler& handler_;
  const Callers& callers_;
};

}  // namespace caseledger::rpc

// Defines the method of a service class that has a member `CommandAdapter& commands_`.
#define CASELEDGER_COMMAND(method)                                                                \
  grpc::ServerUnaryReactor* method(grpc::CallbackServerContext* context,                          \
                                   const v1::method##Request* request, v1::CommandResult* result) \
      override {                                                                                  \
    return commands_.Run(context, request, result);                                               \
  }
