// The engine's own check of a batch: a sequencer that miscounts must not reach the disk.
#pragma once

#include "absl/status/status.h"
#include "eventstore/engine/engine.h"
#include "eventstore/engine/rocksdb/ledger_reader.h"

namespace caseledger::eventstore::rocksdb_engine {

// INTERNAL unless the batch continues the ledger at `head`: positions and revisions without holes,
// and heads that name the last events.
absl::Status CheckContinues(const LedgerReader& reader, const LedgerHead& head,
                            const EngineBatch& batch);

}  // namespace caseledger::eventstore::rocksdb_engine
