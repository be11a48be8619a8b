// What a simulated log stands on: an engine that can fail, be closed, or lose its power.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "eventstore/engine/engine.h"
#include "tests/simulation/random.h"

namespace caseledger::simulation {

// Its engine is open between Open and Close or Crash.
class Storage {
 public:
  using ReportBreach = std::function<void(const std::string&)>;

  virtual ~Storage() = default;

  virtual absl::Status Open() = 0;
  virtual eventstore::Engine& engine() = 0;
  // From now on some I/O fails, or the power goes at some I/O; the seed says which.
  virtual void Break(Random& random) = 0;
  // Whether that has happened since Open.
  virtual bool is_broken() const = 0;
  // An orderly end.
  virtual absl::Status Close() = 0;
  // The end of the process or of the power; the seed says what is left of that which was not
  // synced. What was broken is mended.
  virtual void Crash(Random& random) = 0;
};

std::unique_ptr<Storage> NewMemoryStorage(Random& random);
// `report_breach` is told when something is acknowledged after a failed sync.
std::unique_ptr<Storage> NewRocksDbStorage(Storage::ReportBreach report_breach);

}  // namespace caseledger::simulation
