// Follows the log: slowly, with pauses, vanishing and coming back where it was or before.
#pragma once

#include <cstdint>
#include <string>

#include "eventstore/log.h"
#include "tests/simulation/random.h"
#include "tests/simulation/world.h"

namespace caseledger::simulation {

// Used by one thread.
class Subscriber {
 public:
  // World and log must outlive it.
  Subscriber(World& world, eventstore::EventLog& log, uint64_t seed);

  // Until the writers have ended and it has seen everything, or the log is closed.
  void Run();

 private:
  // Some deliveries of one subscription. False: the log has ended it.
  bool Follow(eventstore::Subscription& subscription);
  void Take(const eventstore::Subscription::Delivery& delivery, uint64_t acknowledged);
  bool HasSeenAll() const;

  World& world_;
  eventstore::EventLog& log_;
  Random random_;
  const Micros pause_;      // between two deliveries
  uint64_t next_ = 0;       // position of the next event
  bool caught_up_ = false;  // of this subscription
};

}  // namespace caseledger::simulation
