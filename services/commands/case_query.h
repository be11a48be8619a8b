// Where a case stands, folded from its stream: for reads that must not lag behind.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/closure.pb.h"
#include "eventstore/log.h"

namespace caseledger::commands {

// NOT_FOUND for an unknown case.
absl::StatusOr<v1::GetCaseResponse> GetCase(const eventstore::EventLog& log,
                                            const eventstore::StreamId& stream, Micros now);
absl::StatusOr<v1::CheckClosureResponse> CheckClosure(const eventstore::EventLog& log,
                                                      const eventstore::StreamId& stream,
                                                      Micros now);

}  // namespace caseledger::commands
