// One run: a ledger's life over several sessions, driven by one seed.
#pragma once

#include <cstdint>
#include <string>

namespace caseledger::simulation {

enum class EngineKind { kMemory, kRocksDb };
std::string NameOf(EngineKind kind);

struct RunOptions {
  uint64_t seed = 0;
  EngineKind engine = EngineKind::kMemory;
  bool print_trace = false;
};

struct RunReport {
  std::string breach;  // what must not be; "" when all held
  std::string trace;   // the newest lines, when there is a breach
  uint64_t trace_hash = 0;
  uint64_t steps = 0;  // of the scheduler
  uint64_t events = 0;
  uint64_t sessions = 0;
  uint64_t failures = 0;  // of storage
  uint64_t crashes = 0;
};

// Aborts on a deadlock, after saying who waits.
RunReport RunSimulation(const RunOptions& options);

// What to type to run it again.
std::string ReplayCommand(const RunOptions& options);

}  // namespace caseledger::simulation
