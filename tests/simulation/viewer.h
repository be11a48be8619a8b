// Reads the projections while they are written, and has them rebuilt.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "eventstore/log.h"
#include "projections/runtime/runtime.h"
#include "tests/simulation/random.h"
#include "tests/simulation/world.h"

namespace caseledger::simulation {

// Used by one thread.
class Viewer {
 public:
  // World, log and runtime must outlive it.
  Viewer(World& world, eventstore::EventLog& log, projections::Runtime& runtime,
         std::vector<std::string> names, uint64_t seed);

  // Until the writers have ended and all projections show all they wrote, or the session ends.
  void Run();

 private:
  // What was acknowledged must be in view within the hour, and no view is older than one before.
  void Look(const std::string& name);
  void Compare(const std::string& name, const projections::ReadSnapshot& rows);

  World& world_;
  eventstore::EventLog& log_;
  projections::Runtime& runtime_;
  const std::vector<std::string> names_;
  Random random_;
  std::map<std::string, uint64_t> newest_seen_;  // events shown, by name
};

}  // namespace caseledger::simulation
