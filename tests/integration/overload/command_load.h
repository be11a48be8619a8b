// Contacts sent as fast as they are answered, a fixed number of them in flight, and what became of
// each.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "caseledger/v1/common.pb.h"
#include "eventstore/base/uuid.h"
#include "google/rpc/status.pb.h"
#include "tests/integration/support/cast.h"
#include "tests/integration/support/client.h"

namespace caseledger::testing {

using SteadyClock = std::chrono::steady_clock;

// What became of the commands of a load, by request id. Every command is in one of the three.
// Not thread-safe.
class Outcomes {
 public:
  // `result` was the answer to `request_id`.
  void Took(const Uuid& request_id, const v1::CommandResult& result);
  // `error` was. Refused, when it says that there is no room and when to try again; anything else
  // was not expected.
  void Refused(const Uuid& request_id, const google::rpc::Status& error);
  // No answer, or one that makes no sense.
  void Unexpected(const std::string& what);
  // Time from sending a command, or the message it was in, to its answer. Once for each command.
  void Answered(SteadyClock::duration after);
  void Merge(Outcomes other);

  const std::vector<Uuid>& taken() const { return taken_; }
  const std::vector<Uuid>& refused() const { return refused_; }
  uint64_t unexpected() const { return unexpected_; }
  // The first one, in words.
  const std::string& first_unexpected() const { return first_unexpected_; }
  std::chrono::milliseconds slowest() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(slowest_);
  }
  // From sending to the answer.
  std::chrono::milliseconds average() const {
    if (answered_ == 0) return {};
    return std::chrono::duration_cast<std::chrono::milliseconds>(waited_ / answered_);
  }

 private:
  std::vector<Uuid> taken_;
  std::vector<Uuid> refused_;
  uint64_t unexpected_ = 0;
  std::string first_unexpected_;
  int64_t answered_ = 0;
  SteadyClock::duration waited_{};  // all together
  SteadyClock::duration slowest_{};
};

struct LoadPlan {
  int in_flight = 1;    // commands
  int connections = 1;  // they are spread over
  SteadyClock::duration lasting{};
  // The rate leaves out this much at the beginning.
  SteadyClock::duration settling{};

  // What happened so often after settling, as a rate.
  double PerSecond(uint64_t count) const {
    return static_cast<double>(count) / std::chrono::duration<double>(lasting - settling).count();
  }
};

struct LoadReport {
  Outcomes outcomes;
  double taken_per_second = 0;  // after settling, until the end
};

// Far above what an answer may take: a call that lasts so much longer than its load was lost, not
// slow.
inline constexpr std::chrono::minutes kCallLimit{2};

// Who sends the commands. May record contacts and read nothing of others.
inline const Who kLoadSender{"tdv-3", "tong-dai", "hotline_operator"};

// One call each. Blocks until the last one was answered.
LoadReport RunUnaryLoad(Cast& cast, const LoadPlan& plan);

// One message of a Batch stream on each connection. Blocks until the last one was answered.
LoadReport RunBatchLoad(Cast& cast, const LoadPlan& plan);

// A command that records one event.
v1::Command NewContact(const Uuid& request_id);

}  // namespace caseledger::testing
