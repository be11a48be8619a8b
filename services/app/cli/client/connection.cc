#include "services/app/cli/client/connection.h"

#include <utility>

namespace caseledger::cli {
namespace {

constexpr int kMostMessageBytes = 64 << 20;

}  // namespace

Connection::Connection(ClientOptions options) : options_(std::move(options)) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMostMessageBytes);
  arguments.SetUserAgentPrefix("caseledger-cli");
  channel_ =
      grpc::CreateCustomChannel(options_.server, grpc::InsecureChannelCredentials(), arguments);
}

void Connection::PrepareStream(grpc::ClientContext& context) const {
  if (!options_.actor.empty()) context.AddMetadata("caseledger-actor", options_.actor);
  if (!options_.agency.empty()) context.AddMetadata("caseledger-agency", options_.agency);
  if (!options_.roles.empty()) context.AddMetadata("caseledger-roles", options_.roles);
}

void Connection::PrepareCall(grpc::ClientContext& context) const {
  PrepareStream(context);
  context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
}

}  // namespace caseledger::cli
