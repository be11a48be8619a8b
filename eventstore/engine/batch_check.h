// The engine's own check of a batch: a sequencer that miscounts must not reach the disk.
#pragma once

#include "absl/status/status.h"
#include "eventstore/engine/engine.h"

namespace caseledger::eventstore {

// INTERNAL unless the batch continues the ledger that `view` shows: positions and revisions without
// holes, and heads that name the last events.
absl::Status CheckContinues(HeadView& view, const EngineBatch& batch);

}  // namespace caseledger::eventstore
