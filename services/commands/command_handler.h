// From a request to durable events: identify, check, decide inside the sequencer, append.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/v1/common.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "services/access/call.h"
#include "services/access/trail/trail.h"
#include "services/commands/ledgers.h"
#include "services/commands/prepared_command.h"

namespace caseledger::commands {

// Hears of every answered command, for metrics. Thread-safe.
class CommandObserver {
 public:
  virtual ~CommandObserver() = default;
  // `seconds`: from arrival to the answer.
  virtual void OnCommand(std::string_view fact_name, absl::StatusCode code, double seconds) = 0;
};

// Thread-safe.
class CommandHandler {
 public:
  using Done = std::function<void(absl::StatusOr<v1::CommandResult>)>;

  CommandHandler(const Ledgers& ledgers, Clock& clock, RandomSource& random)
      : ledgers_(ledgers), clock_(clock), random_(random) {}

  // Before the first command; the observer must outlive the handler.
  void Observe(CommandObserver* observer) { observer_ = observer; }

  // Carries out a command. `done` is called exactly once, at once or from the ledger's thread, and
  // must not block.
  //
  // INVALID_ARGUMENT     the request breaks rules of its fields; all of them are listed
  // PERMISSION_DENIED    the caller may not do this
  // NOT_FOUND            the record, or one that the fact refers to, does not exist for the caller
  // FAILED_PRECONDITION  a rule of the domain
  // ABORTED, ALREADY_EXISTS, RESOURCE_EXHAUSTED, UNAVAILABLE   as EventLog::Submit
  // UNAVAILABLE          TRAIL_UNAVAILABLE: a refusal could not be put on the access trail
  void Submit(v1::Command command, const access::Call& call, Done done);

  // The same for a fact that the caller asks for and the server completes from what it knows: what
  // the caller asked for is checked, and is what makes two requests the same; `completed` is
  // recorded, with what there is to say of its quality. The call is one that was let in.
  void SubmitCompleted(v1::Command command, Fact completed, std::vector<std::string> data_quality,
                       const access::Call& call, Done done);

  // The same for a fact that the server itself records (timers); the request id makes it happen
  // once.
  void SubmitFromServer(v1::Command command, Done done);

 private:
  // `done`, and the observer told before it.
  Done Observed(const v1::Command& command, Done done);
  // Who says what the fact says.
  enum class By { kCaller, kServer, kBoth };

  absl::StatusOr<PreparedCommand> Prepare(v1::Command command, access::Call call, By by);
  void Append(PreparedCommand prepared, std::string content, Done done);

  const Ledgers& ledgers_;
  Clock& clock_;
  RandomSource& random_;
  CommandObserver* observer_ = nullptr;
};

// Answers a refusal, once the trail has it if it is one of access: a refusal that leaves no trace
// is not given. NOT_FOUND is answered at the trail's beat. `trail` null: there is none. `answer` is
// called exactly once and must not block.
void AnswerRefused(access::Trail* trail, const access::Call& call, absl::Status status,
                   const std::function<void(absl::Status)>& answer);

// The result a client gets for what its command became.
v1::CommandResult ToResult(const eventstore::AppendResult& appended);

}  // namespace caseledger::commands
