// Reads a store through and compares it with what a manifest says of it.
#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/backup/backup.h"
#include "eventstore/engine/engine.h"

namespace caseledger::eventstore {

// What the store holds now, ledger by ledger; heads only. DATA_LOSS, UNAVAILABLE.
absl::StatusOr<std::vector<BackupLedger>> LedgersOf(const Engine& engine);

// OK when the store holds exactly these ledgers at exactly these heads. DATA_LOSS else.
absl::Status CheckHeads(const Engine& engine, const BackupManifest& manifest);

// CheckHeads, and every event of every ledger, in order:
// 1. positions have no holes, and each record is what its leaf hash commits to;
// 2. each stream's revisions run 1, 2, 3, ... and each event names its predecessor's leaf hash;
// 3. recorded time never goes down;
// 4. each stream's head and index lead to its last event;
// 5. the last event is the head's;
// 6. the full tiles of the Merkle tree are those of the leaves.
// Memory: about 100 bytes per stream of one ledger. `read` hears how many events were read so far;
// false ends with CANCELLED.
absl::Status CheckLedgers(const Engine& engine, const BackupManifest& manifest,
                          absl::FunctionRef<bool(uint64_t events)> read);

}  // namespace caseledger::eventstore
