// Asks the log everything it can be asked, while it is written to.
#pragma once

#include <cstdint>

#include "eventstore/log.h"
#include "tests/simulation/random.h"
#include "tests/simulation/world.h"

namespace caseledger::simulation {

// Used by one thread.
class Prober {
 public:
  // World and log must outlive it.
  Prober(World& world, eventstore::EventLog& log, uint64_t seed);

  // Until the writers have ended or the session ends.
  void Run();

  // Each question once, with the answers of a log that nobody writes to. All of the log must have
  // been learned.
  void AskEverything();

 private:
  void AskStream(const eventstore::StreamId& stream, uint64_t from_revision, size_t max_events);
  void AskRequest(const Uuid& request_id);
  // With an empty source: any.
  void AskName(uint32_t kind, const std::string& source, const std::string& value);
  void AskCount(Micros time);
  void Judge(const absl::Status& status);

  World& world_;
  eventstore::EventLog& log_;
  Random random_;
};

}  // namespace caseledger::simulation
