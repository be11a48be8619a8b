// Where the erasure of a person stands: what the record says of it, and what became of the keys.
#pragma once

#include "absl/status/statusor.h"
#include "caseledger/v1/privacy.pb.h"
#include "eventstore/log.h"
#include "services/commands/erasure_keys.h"

namespace caseledger::commands {

// Of the person's record and of those that were merged into it, which are erased with it.
// NOT_FOUND    unknown person
// UNAVAILABLE  the keys are not known now
absl::StatusOr<v1::GetErasureResponse> GetErasure(eventstore::LedgerView& view,
                                                  const eventstore::StreamId& person,
                                                  ErasureKeys& keys);

}  // namespace caseledger::commands
