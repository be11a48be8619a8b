// Resolves the appends that wait into one batch: dedupe, decide, check, name, number, seal, encode,
// hash.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "eventstore/codec/upgrades.h"
#include "eventstore/engine/engine.h"
#include "eventstore/log.h"
#include "eventstore/sealing/fact_sealer.h"
#include "eventstore/sequencer/recent_events.h"

namespace caseledger::eventstore {

// What stays the same for all batches of a ledger.
struct BatchContext {
  std::string ledger;
  std::string digest_key;
  LogLimits limits;
  const FactUpgrades* upgrades = nullptr;
  FactSealer* sealer = nullptr;
  bool keep_tree = true;
  bool shared = false;  // others write to the ledger, too
  std::chrono::microseconds look{0};
};

// What became of one append. Its events are `count` of the batch's from index `first` on, or else
// `recorded`, if it had been carried out before this batch.
struct Outcome {
  absl::Status status;
  bool already_appended = false;
  // The answer rests on events of this batch: it may be given only once they are durable.
  bool rests_on_commit = false;
  size_t first = 0;
  size_t count = 0;
  std::vector<RecordedEvent> recorded;
};

struct ResolvedBatch {
  uint64_t first_position = 0;        // of the batch: what was committed before it
  LedgerHead head;                    // after the batch
  std::vector<RecordedEvent> events;  // of the batch
  size_t stored_bytes = 0;
  // Of the first appends, in order. The rest did not fit and waits for the next batch.
  std::vector<Outcome> outcomes;
  absl::flat_hash_set<StreamId> asked;  // streams whose committed heads were asked for
};

// The same view and time give the same batch, but for what is sealed, which is sealed anew. Takes
// at least the first append. `batch` is what the engine has to write.
ResolvedBatch ResolveBatch(HeadView& view, const std::vector<const AppendRequest*>& appends,
                           const BatchContext& context, const RecentEvents& recent, Micros now,
                           EngineBatch& batch);

}  // namespace caseledger::eventstore
