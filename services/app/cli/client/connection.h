// The way to the server: address, ledger, and who is asking.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

namespace caseledger::cli {

// What every command needs to know.
struct ClientOptions {
  std::string server = "127.0.0.1:7400";
  std::string ledger;  // empty: the server's only one
  std::string actor;
  std::string agency;
  std::string roles;        // comma-separated
  std::string format;       // `table`, `text`, `csv` or `json`; empty: the command's own default
  bool vietnamese = false;  // messages for people in Vietnamese
};

// Calls that answer at once have this long; streams have no deadline.
inline constexpr std::chrono::seconds kCallDeadline{15};

// Thread-safe.
class Connection {
 public:
  explicit Connection(ClientOptions options);

  const ClientOptions& options() const { return options_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Says who is asking. For streams, which may last.
  void PrepareStream(grpc::ClientContext& context) const;
  // The same with `kCallDeadline`.
  void PrepareCall(grpc::ClientContext& context) const;

 private:
  ClientOptions options_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace caseledger::cli
