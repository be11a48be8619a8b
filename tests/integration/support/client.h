// A client of a server under test, over real gRPC and the public protos alone.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "caseledger/v1/batch.grpc.pb.h"
#include "caseledger/v1/common.pb.h"
#include "caseledger/v1/history.grpc.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/rpc/status.pb.h"
#include "tests/integration/support/cast.h"

namespace caseledger::testing {

// An answer or what it was refused with.
template <typename T>
struct Answer {
  grpc::Status status;
  T value;
  bool ok() const { return status.ok(); }
};

// The details of a refusal.
struct Refusal {
  std::string reason;                            // of the ErrorInfo
  std::string domain;                            // of the ErrorInfo
  std::map<std::string, std::string> metadata;   // of the ErrorInfo
  std::map<std::string, std::string> sentences;  // by locale
  std::vector<std::string> fields;               // violated, sorted
  int64_t retry_milliseconds = 0;                // wait at least so long; 0: nothing said
};

Refusal ExplainStatus(const google::rpc::Status& status);
Refusal Explain(const grpc::Status& status);

// A version 4 UUID.
std::string NewUuid();
google::protobuf::Timestamp Seconds(int64_t seconds);
// The fact in protobuf text, such as "case_closed { reason: 'goals_met' }".
event::v1::Fact Fact(const std::string& text);
// A command with a request id of its own; `record_id` may be "" when the fact begins a record.
v1::Command CommandOf(const std::string& record_id, const std::string& fact_text);

// One connection for a channel alone, and little held for one that does not read.
grpc::ChannelArguments ChannelArgumentsOfTests();

// Thread-safe.
class Client {
 public:
  // As one of the cast, who is granted what they may before their first call.
  explicit Client(Cast& cast, std::string ledger = "", Who who = {});

  // Shows the certificate of the client's agency.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  std::shared_ptr<grpc::Channel> ChannelOf(const Who& who) const;
  const std::string& ledger() const { return ledger_; }
  // Sets metadata and a deadline of 30 s.
  void Prepare(grpc::ClientContext& context) const;
  void Prepare(grpc::ClientContext& context, const Who& who) const;
  // They have their roles from now on.
  void Admit(const Who& who) const;

  // One command through the typed method whose request carries this kind of fact.
  Answer<v1::CommandResult> Send(const v1::Command& command) const;
  Answer<v1::CommandResult> Send(const v1::Command& command, const Who& who) const;
  // The same, made from text; must succeed.
  v1::CommandResult Record(const std::string& record_id, const std::string& fact_text) const;
  v1::CommandResult Record(const v1::Command& command) const;

  // One unary call, such as Call<v1::ListCasesResponse>("DashboardService/ListCases", request). An
  // empty ledger becomes the client's.
  template <typename Response, typename Request>
  Answer<Response> Call(const std::string& method, Request request) const {
    if (request.ledger().empty()) request.set_ledger(ledger_);
    Answer<Response> answer;
    grpc::ByteBuffer reply;
    answer.status = CallRaw("/caseledger.v1." + method, ToBytes(request), reply);
    if (answer.ok()) Parse(reply, answer.value);
    return answer;
  }
  grpc::Status CallRaw(const std::string& path, const grpc::ByteBuffer& request,
                       grpc::ByteBuffer& reply) const;
  grpc::Status CallRaw(const std::string& path, const grpc::ByteBuffer& request,
                       grpc::ByteBuffer& reply, const Who& who) const;

  uint64_t EventCount() const;
  Answer<std::vector<v1::RecordedEvent>> Replay(uint64_t from = 0, uint64_t most = 0) const;
  Answer<std::vector<v1::RecordedEvent>> ReplayLedger(const v1::ReplayLedgerRequest& request) const;
  Answer<std::vector<v1::RecordedEvent>> ReplayCase(const v1::ReplayCaseRequest& request) const;
  std::vector<v1::RecordedEvent> History(const std::string& case_id) const;

  static grpc::ByteBuffer ToBytes(const google::protobuf::Message& message);
  static void Parse(const grpc::ByteBuffer& bytes, google::protobuf::Message& message);

 private:
  Cast* const cast_;
  std::shared_ptr<grpc::Channel> channel_;
  std::string ledger_;
  Who who_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<grpc::Channel>> others_;  // by agency
};

// Every method of the public services.
std::vector<const google::protobuf::MethodDescriptor*> PublicMethods();

// Asks until `done` says yes; the questions are calls to the server, so it never spins for nothing.
// False after a minute.
bool Eventually(const std::function<bool()>& done);

}  // namespace caseledger::testing
