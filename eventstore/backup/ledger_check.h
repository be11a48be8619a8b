// Reads a store through and compares it with what a manifest says of it.
#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/backup/backup.h"
#include "eventstore/base/random.h"
#include "eventstore/engine/engine.h"

namespace caseledger::eventstore {

// What the store holds now, ledger by ledger; heads only. DATA_LOSS, UNAVAILABLE.
absl::StatusOr<std::vector<BackupLedger>> LedgersOf(const Engine& engine);

// OK when the store holds exactly these ledgers at exactly these heads. DATA_LOSS else.
absl::Status CheckHeads(const Engine& engine, const BackupManifest& manifest);

// CheckHeads, and all rules of AuditLedger (eventstore/audit) for every ledger; only what was
// signed is left to the start of a server and to `caseledger log verify`, for a backup holds no
// keys. `read` hears how many events were read so far; false ends with CANCELLED.
absl::Status CheckLedgers(const Engine& engine, const BackupManifest& manifest,
                          RandomSource& random, absl::FunctionRef<bool(uint64_t events)> read);

}  // namespace caseledger::eventstore
