#include "tests/bench/limits/noop_server.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "caseledger/v1/intake.grpc.pb.h"
#include "services/rpc/tls.h"
#include "tests/bench/load/contact_commands.h"

namespace caseledger::bench {
namespace {

class NoopIntake final : public v1::IntakeService::CallbackService {
 public:
  grpc::ServerUnaryReactor* ReceiveContact(grpc::CallbackServerContext* context,
                                           const v1::ReceiveContactRequest* /*request*/,
                                           v1::CommandResult* result) override {
    return Answer(context, result);
  }
  grpc::ServerUnaryReactor* ClassifyContact(grpc::CallbackServerContext* context,
                                            const v1::ClassifyContactRequest* /*request*/,
                                            v1::CommandResult* result) override {
    return Answer(context, result);
  }
  grpc::ServerUnaryReactor* EndContact(grpc::CallbackServerContext* context,
                                       const v1::EndContactRequest* /*request*/,
                                       v1::CommandResult* result) override {
    return Answer(context, result);
  }

 private:
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                   v1::CommandResult* result) const {
    *result = answer_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  const v1::CommandResult answer_ = SampleAnswer();
};

}  // namespace

int RunNoopServer(const app::ServerOptions& options) {
  NoopIntake service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(
      options.listen, rpc::TlsWithoutDoor({options.tls_cert, options.tls_key, options.client_ca}),
      &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::fprintf(stderr, "listening on %d\n", port);
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  pause();
  return 0;
}

}  // namespace caseledger::bench
