#include "services/app/cli/client/connection.h"

#include <cctype>
#include <utility>

#include "eventstore/base/strings.h"
#include "services/app/cli/text/file_text.h"

namespace caseledger::cli {
namespace {

constexpr int kMostMessageBytes = 64 << 20;

constexpr int kReconnectMilliseconds = 1000;

constexpr size_t kMostFileBytes = 256 << 10;

// The file's text; "" and the first trouble in `status` otherwise.
std::string Read(const std::string& path, absl::Status& status) {
  absl::StatusOr<std::string> text = ReadFile(path, kMostFileBytes);
  if (text.ok() && !text->empty()) return *std::move(text);
  status.Update(absl::InvalidArgumentError(
      StrCat(path.empty() ? "--cert and --key" : path,
             ": cannot be read; with --ca give the agency's --cert and --key, too")));
  return "";
}

}  // namespace

Connection::Connection(ClientOptions options) : options_(std::move(options)) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMostMessageBytes);
  arguments.SetUserAgentPrefix("caseledger-cli");
  // Else a server that is back is not seen for up to a minute.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMilliseconds);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMilliseconds);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMilliseconds);
  auto credentials = grpc::InsecureChannelCredentials();
  if (!options_.ca_file.empty()) {
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = Read(options_.ca_file, status_);
    ssl.pem_cert_chain = Read(options_.cert_file, status_);
    ssl.pem_private_key = Read(options_.key_file, status_);
    credentials = grpc::SslCredentials(ssl);
  }
  if (!options_.token_file.empty()) token_ = Read(options_.token_file, status_);
  while (!token_.empty() && std::isspace(static_cast<unsigned char>(token_.back())) != 0) {
    token_.pop_back();
  }
  channel_ = grpc::CreateCustomChannel(options_.server, credentials, arguments);
}

void Connection::AddCaller(grpc::ClientContext& context) const {
  const auto add = [&context](const char* key, const std::string& value) {
    if (!value.empty()) context.AddMetadata(key, value);
  };
  if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
  add("caseledger-purpose", options_.purpose);
  add("caseledger-warrant", options_.warrant);
  add("caseledger-export", options_.exported_as);
}

void Connection::PrepareStream(grpc::ClientContext& context) const {
  AddCaller(context);
  context.set_deadline(std::chrono::system_clock::now() + kStreamDeadline);
}

void Connection::PrepareCall(grpc::ClientContext& context) const {
  AddCaller(context);
  context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
}

}  // namespace caseledger::cli
