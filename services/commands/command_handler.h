// From a request to durable events: identify, check, decide inside the sequencer, append.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/v1/common.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "services/access/caller.h"
#include "services/commands/ledgers.h"
#include "services/commands/prepared_command.h"

namespace caseledger::commands {

// Thread-safe.
class CommandHandler {
 public:
  using Done = std::function<void(absl::StatusOr<v1::CommandResult>)>;

  CommandHandler(const Ledgers& ledgers, Clock& clock, RandomSource& random)
      : ledgers_(ledgers), clock_(clock), random_(random) {}

  // Carries out a command. `done` is called exactly once, at once or from the ledger's thread, and must not block.
  //
  // UNAUTHENTICATED      the caller is not named
  // INVALID_ARGUMENT     the request breaks rules of its fields; all of them are listed
  // PERMISSION_DENIED    the caller may not do this
  // NOT_FOUND            the record, or one that the fact refers to, does not exist
  // FAILED_PRECONDITION  a rule of the domain
  // ABORTED, ALREADY_EXISTS, RESOURCE_EXHAUSTED, UNAVAILABLE   as EventLog::Submit
  void Submit(v1::Command command, const access::CallMetadata& metadata, Done done);

  // The same for a fact that the server itself records (timers); the request id makes it happen once.
  void SubmitFromServer(v1::Command command, Done done);

 private:
  absl::StatusOr<PreparedCommand> Prepare(v1::Command command, domain::Caller caller,
                                          bool from_server);
  void Append(PreparedCommand prepared, std::string content, const std::string& traceparent,
              Done done);

  const Ledgers& ledgers_;
  Clock& clock_;
  RandomSource& random_;
};

// The result a client gets for what its command became.
v1::CommandResult ToResult(const eventstore::AppendResult& appended);

}  // namespace caseledger::commands
