// Which ledgers a program may open and create, whatever the engine.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "caseledger/storage/v1/envelope.pb.h"

namespace caseledger::eventstore {

inline constexpr size_t kMaxLedgerNameBytes = 255;

// FAILED_PRECONDITION: a format or feature that only a newer program knows.
absl::Status CheckUnderstood(const storage::v1::LedgerInfo& info);

// CheckUnderstood, and INVALID_ARGUMENT for a name that no key can hold.
absl::Status CheckCreatable(const storage::v1::LedgerInfo& info);

}  // namespace caseledger::eventstore
