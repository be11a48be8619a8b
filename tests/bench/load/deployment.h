// A server as a real deployment has it: TLS, certificates of agencies, tokens, rules and roles.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/v1/common.pb.h"
#include "tests/integration/support/child_process.h"
#include "tests/support/identities.h"

namespace caseledger::bench {

// What a program of its own needs to call as somebody.
struct CallerFiles {
  std::string authority;
  std::string certificate;
  std::string key;
  std::string token;
};

// A channel with its own connection, and what each call says of its caller, with a deadline.
class Caller {
 public:
  static absl::StatusOr<Caller> FromFiles(const std::string& address, const CallerFiles& files);
  Caller(const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials,
         std::string bearer);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  void Prepare(grpc::ClientContext& context) const;

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::string bearer_;
};

class Deployment {
 public:
  // `directory` is made for it. The rules are deploy/access/rules.txt.
  explicit Deployment(std::string directory);

  // Begins the ledger and starts the server.
  absl::Status Start(const std::vector<std::string>& flags);
  testing::ServerProcess& server() { return *server_; }

  // Registers the agency of the person when it is new, and grants the role.
  absl::Status Grant(const std::string& agency, const std::string& person, const std::string& role);
  Caller As(const std::string& agency, const std::string& person);
  CallerFiles FilesOf(const std::string& agency, const std::string& person);

 private:
  absl::Status Record(v1::Command command);

  const std::string directory_;
  testing::Identities identities_;
  std::unique_ptr<testing::ServerProcess> server_;
  std::vector<std::string> agencies_;
};

// A command by the caller over a batch of its own; the record's id.
absl::StatusOr<std::string> RecordAs(const Caller& caller, v1::Command command);

}  // namespace caseledger::bench
