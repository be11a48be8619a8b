// Appends, retries, repeats and reuses; tells the model what it sent and what it was answered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eventstore/log.h"
#include "tests/simulation/random.h"
#include "tests/simulation/world.h"

namespace caseledger::simulation {

// Used by one thread.
class Writer {
 public:
  // World and log must outlive it.
  Writer(World& world, eventstore::EventLog& log, const std::string& name, uint64_t seed);

  // Until it has done so many things, or the session ends.
  void Run(int actions);

 private:
  class Answers;

  // A new append, or one that was sent before.
  SharedSent Choose();
  SharedSent NewSent(const Uuid& request_id);
  void AddEvents(Sent& sent);
  eventstore::Expected SomeExpectation(const eventstore::StreamId& stream);
  // Submits all and waits for all answers.
  void SendTogether(const std::vector<SharedSent>& all);
  void Judge(const SharedSent& sent, const absl::StatusOr<eventstore::AppendResult>& answer,
             uint64_t from);

  World& world_;
  eventstore::EventLog& log_;
  const std::string name_;
  Random random_;
  int number_ = 0;  // of what it sent
};

}  // namespace caseledger::simulation
