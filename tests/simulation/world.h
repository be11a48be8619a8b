// What all actors of one run share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/log.h"
#include "tests/simulation/model.h"
#include "tests/simulation/random.h"
#include "tests/simulation/seeded_scheduler.h"

namespace caseledger::simulation {

// The wall clock: follows the scheduler's time, and now and then jumps, in both directions.
class JumpingClock final : public Clock {
 public:
  JumpingClock(SeededScheduler& scheduler, uint64_t seed);
  Micros Now() override;

 private:
  SeededScheduler& scheduler_;
  Random random_;
  uint64_t jump_one_in_;
  Micros offset_;
};

// Not thread-safe, and need not be: one actor runs at a time.
class World {
 public:
  World(SeededScheduler& its_scheduler, uint64_t seed);

  // The run has shown a fault. The first report is kept and ends the run.
  void Breach(const std::string& what);
  const std::string& breach() const { return breach_; }

  // Makes the model learn the log up to `end`. False when it cannot be read.
  bool Learn(const eventstore::EventLog& log, uint64_t end);
  // The same for all that is committed now; returns the end.
  uint64_t LearnAll(const eventstore::EventLog& log);
  // Reports what the model found, if anything.
  void Check(const std::string& found) {
    if (!found.empty()) Breach(found);
  }

  // Actors end soon.
  bool is_over() const { return is_closing || !breach_.empty(); }

  SeededScheduler& scheduler;
  Random random;  // of the director
  JumpingClock clock;
  Model model;
  std::vector<eventstore::StreamId> streams;
  std::vector<SharedSent> sent;  // everything that was ever submitted
  int writers = 0;               // still writing
  bool is_closing = false;       // the log is being closed, or is closed
  bool may_fail = false;         // storage was told to fail in this session

 private:
  std::string breach_;
};

}  // namespace caseledger::simulation
