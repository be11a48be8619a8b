// The sequencer of one ledger: batching, dedupe, order, hashing; shared by all engines. It is the
// EventLog.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/codec/upgrades.h"
#include "eventstore/engine/engine.h"
#include "eventstore/log.h"
#include "eventstore/sealing/fact_sealer.h"

namespace caseledger::eventstore {

struct SequencerOptions {
  LogLimits limits;
  Clock* clock = nullptr;        // required
  FactSealer* sealer = nullptr;  // required; must outlive the log
  // Whether the Merkle tree is kept. False for measuring what it costs, and for nothing else: a
  // ledger that was once written so cannot be opened with its tree again.
  bool keep_tree = true;
  // Other programs write to the ledger, too, through an engine that loads the head for each commit.
  // What they commit is taken over with the next commit here, and at the latest after `look`; and a
  // commit that failed because the database could not be reached ends nothing: the next one may
  // succeed.
  bool shared = false;
  std::chrono::microseconds look{100'000};
  // Upgrades of old facts on read; must outlive the log. None: facts are read as they were written.
  const FactUpgrades* upgrades = nullptr;
};

// Opens the log of an existing ledger and starts its thread. The engine must outlive the log.
// NOT_FOUND            no such ledger
// FAILED_PRECONDITION  the ledger needs features or a format this program does not know, or is not
//                      sealed
// DATA_LOSS            head and records disagree, or a tile of the tree's right edge is missing;
//                      and as FactSealer::Begin
absl::StatusOr<std::unique_ptr<EventLog>> OpenLog(Engine& engine, std::string_view ledger,
                                                  const SequencerOptions& options);

// Creates a ledger (sealed) with a fresh digest key. ALREADY_EXISTS; INVALID_ARGUMENT
// for a bad name.
absl::Status CreateLedger(Engine& engine, std::string_view ledger, Clock& clock,
                          RandomSource& random);

}  // namespace caseledger::eventstore
