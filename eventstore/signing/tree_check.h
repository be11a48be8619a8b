// Compares a stored ledger with what was signed.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "eventstore/engine/engine.h"
#include "eventstore/verifiable/checkpoint.h"

namespace caseledger::eventstore {

// OK when the first `checkpoint.size` events of the ledger, which has `size`, have the signed root
// by its tiles. DATA_LOSS; says what to do.
absl::Status CheckSigned(const Engine& engine, std::string_view ledger, uint64_t size,
                         const Checkpoint& checkpoint);

// Computes the leaves of events [from, size) again from the stored records, and compares with the
// stored leaf hashes and tiles. Takes as long as these events need. DATA_LOSS.
absl::Status CheckTreeFrom(const Engine& engine, std::string_view ledger, uint64_t from,
                           uint64_t size);

}  // namespace caseledger::eventstore
