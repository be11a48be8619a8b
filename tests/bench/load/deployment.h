// A server as a real deployment has it: TLS, certificates of agencies, tokens, rules and roles.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/v1/common.pb.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/integration/support/cast.h"
#include "tests/integration/support/child_process.h"
#include "tests/support/test_storage.h"

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
  // `purpose` and `warrant` are stated with each call; "": not.
  Caller(std::shared_ptr<grpc::Channel> channel, std::string bearer, std::string purpose = "",
         std::string warrant = "")
      : channel_(std::move(channel)),
        bearer_(std::move(bearer)),
        purpose_(std::move(purpose)),
        warrant_(std::move(warrant)) {}

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  void Prepare(grpc::ClientContext& context) const;

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::string bearer_;
  std::string purpose_;
  std::string warrant_;
};

// Sends the workloads' commands, and reads what became of them.
inline testing::Who Operator() { return {kActor, kAgency, "hotline_operator"}; }

// The cast of tests/integration/support, with a server of their own.
class Deployment {
 public:
  // `directory` is made for it.
  explicit Deployment(const std::string& directory);
  // The same with its ledgers in the storage.
  Deployment(std::string directory, app::StorageChoice storage,
             std::vector<std::string> ledgers = {kLedger});

  // Begins the ledgers with deploy/access/rules.txt, at first, and starts caseledgerd.
  absl::Status Start(const std::vector<std::string>& flags);
  testing::ServerProcess& server() { return *server_; }

  // One more, of ledgers in a database, that stands by: it passes calls on.
  absl::StatusOr<std::unique_ptr<testing::ServerProcess>> StandBy(
      const std::vector<std::string>& flags);

  // The same in parts, for a server that is started otherwise: it gets the flags, and says where it
  // listens.
  std::vector<std::string> Begin();
  void Serve(const std::string& address) { cast_.Serve(address); }

  // Over a connection of its own to the server as it runs now. Grants them their roles at first, in
  // every ledger.
  Caller As(const testing::Who& who);
  // The same to another server, which knows nothing of roles.
  Caller At(const std::string& address, const testing::Who& who);
  CallerFiles FilesOf(const testing::Who& who);

 private:
  const std::string directory_;
  const app::StorageChoice storage_;
  const std::vector<std::string> ledgers_;
  testing::Cast cast_;
  bool begun_ = false;
  std::unique_ptr<testing::ServerProcess> server_;
};

// A command by the caller over a batch of its own; the record's id.
absl::StatusOr<std::string> RecordAs(const Caller& caller, v1::Command command);

}  // namespace caseledger::bench
