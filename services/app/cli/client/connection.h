// The way to the server: address, ledger, and who is asking.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"

namespace caseledger::cli {

// What every command needs to know.
struct ClientOptions {
  std::string server = "127.0.0.1:7400";
  std::string ledger;  // empty: the server's only one
  // TLS: the authority of the server, and the certificate and key of the agency; empty: plain text.
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string token_file;   // of the person at work; empty: a program of the agency
  std::string purpose;      // why the data is looked at
  std::string warrant;      // number of the warrant acted on
  std::string exported_as;  // answers are taken out of the system as such a file; empty: they stay
  std::string format;       // `table`, `text`, `csv` or `json`; empty: the command's own default
  bool vietnamese = false;  // messages for people in Vietnamese
};

// Calls that answer at once have this long.
inline constexpr std::chrono::seconds kCallDeadline{15};

// Streams may last as long as this.
inline constexpr std::chrono::hours kStreamDeadline{24 * 30};

// Thread-safe.
class Connection {
 public:
  // Files that cannot be read are told at the first call: status().
  explicit Connection(ClientOptions options);

  // INVALID_ARGUMENT: names the file and what to do.
  const absl::Status& status() const { return status_; }

  const ClientOptions& options() const { return options_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Says who is asking. For streams, which may last.
  void PrepareStream(grpc::ClientContext& context) const;
  // The same with `kCallDeadline`.
  void PrepareCall(grpc::ClientContext& context) const;

 private:
  void AddCaller(grpc::ClientContext& context) const;

  ClientOptions options_;
  absl::Status status_;
  std::string token_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace caseledger::cli
