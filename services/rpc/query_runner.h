// Runs queries off the reaction: every unary query goes through here.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "services/commands/ledgers.h"
#include "services/rpc/peer.h"
#include "services/rpc/reading.h"
#include "services/rpc/threads/executor.h"

namespace caseledger::rpc {

// Whether an answer is put on the access trail before it leaves. Only what shows no record, and
// nothing about one, may go without: hashes, and the state of the server.
enum class Trailed { kYes, kNo };

// Thread-safe.
class QueryRunner {
 public:
  // Fills the response; must begin with Reading::Begin.
  using Answer = std::function<absl::Status(Reading& reading)>;

  QueryRunner(const commands::Ledgers& ledgers, Executor& executor, const Callers& callers,
              Clock& clock)
      : ledgers_(ledgers), executor_(executor), callers_(callers), clock_(clock) {}

  // Runs `answer` on the pool, puts what it showed on the trail, and finishes the call with its
  // status. The response is empty unless the answer is OK. When rights change while it is made, it
  // is made anew, at most three times.
  //
  // RESOURCE_EXHAUSTED  the pool is full, or the trail has too many entries waiting
  // UNAVAILABLE         TRAIL_UNAVAILABLE, RIGHTS_CHANGED
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, std::string_view action,
                                const google::protobuf::Message* request,
                                google::protobuf::Message* response, Trailed trailed,
                                Answer answer);

 private:
  struct Query;

  void Post(const std::shared_ptr<Query>& query);
  void Attempt(const std::shared_ptr<Query>& query);
  void PutOnTrail(const std::shared_ptr<Query>& query, const std::shared_ptr<Reading>& reading);

  const commands::Ledgers& ledgers_;
  Executor& executor_;
  const Callers& callers_;
  Clock& clock_;
};

// How long a query may wait for a read model: until the call's deadline, at most 10 seconds.
absl::Duration WaitLimit(const grpc::CallbackServerContext& context);

}  // namespace caseledger::rpc
