// Where a case stands, folded from its stream: for reads that must not lag behind.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/closure.pb.h"
#include "eventstore/log.h"

namespace caseledger::commands {

// NOT_FOUND for an unknown case.
absl::StatusOr<v1::GetCaseResponse> GetCase(const eventstore::EventLog& log,
                                            const eventstore::StreamId& stream, Micros now);
// Whom a referral is for; "" when the case has no such referral.
absl::StatusOr<std::string> PersonOfReferral(const eventstore::EventLog& log,
                                             const eventstore::StreamId& stream,
                                             const std::string& referral_id);
absl::StatusOr<v1::CheckClosureResponse> CheckClosure(const eventstore::EventLog& log,
                                                      const eventstore::StreamId& stream,
                                                      Micros now);

}  // namespace caseledger::commands
