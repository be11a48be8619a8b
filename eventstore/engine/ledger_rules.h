// Which ledgers a program may open and create, whatever the engine.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "caseledger/storage/v1/envelope.pb.h"

namespace caseledger::eventstore {

inline constexpr size_t kMaxLedgerNameBytes = 255;

// Features of a ledger's info: programs that do not know what these fields mean must not write.
inline constexpr char kFeatureArriving[] = "arriving";
inline constexpr char kFeatureMoved[] = "moved";

// FAILED_PRECONDITION: a format or feature that only a newer program knows.
absl::Status CheckUnderstood(const storage::v1::LedgerInfo& info);

// FAILED_PRECONDITION LEDGER_MOVED: the ledger goes on elsewhere; says where.
absl::Status CheckNotMoved(const storage::v1::LedgerInfo& info);

// FAILED_PRECONDITION LEDGER_ARRIVING: it is not copied here to its end.
absl::Status CheckArrived(const storage::v1::LedgerInfo& info);

// CheckNotMoved and CheckArrived.
absl::Status CheckServable(const storage::v1::LedgerInfo& info);

// FAILED_PRECONDITION: it is not being copied here.
absl::Status CheckArriving(const storage::v1::LedgerInfo& info);

// Whether `next` may take the place of `info`. FAILED_PRECONDITION: the ledger has moved already.
// INVALID_ARGUMENT: another ledger or format.
absl::Status CheckMayReplace(const storage::v1::LedgerInfo& info,
                             const storage::v1::LedgerInfo& next);

// CheckUnderstood, and INVALID_ARGUMENT for a name that no key can hold.
absl::Status CheckCreatable(const storage::v1::LedgerInfo& info);

}  // namespace caseledger::eventstore
