// Where a case stands, folded from its stream: for reads that must not lag behind.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/closure.pb.h"
#include "eventstore/log.h"
#include "services/commands/aggregates.h"

namespace caseledger::commands {

// NOT_FOUND for an unknown case.
absl::StatusOr<v1::GetCaseResponse> GetCase(const eventstore::EventLog& log,
                                            const eventstore::StreamId& stream, Micros now);
// What who is asked may know before they answer: nothing that names anybody.
struct OfferInGeneral {
  std::string unit_code;  // where the case is, or ""
  int birth_year = 0;     // of whom the referral is for, as known at `sent_at`; 0: not known
};
// Of no referral of the case: nothing but where that is.
absl::StatusOr<OfferInGeneral> ReadInGeneral(eventstore::LedgerView& view, Aggregates& aggregates,
                                             const eventstore::StreamId& stream,
                                             const std::string& referral_id, Micros sent_at);
absl::StatusOr<v1::CheckClosureResponse> CheckClosure(const eventstore::EventLog& log,
                                                      const eventstore::StreamId& stream,
                                                      Micros now);

}  // namespace caseledger::commands
