// The requests of one person and what became of them, computed from the person's effective facts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "caseledger/v1/deadlines.pb.h"
#include "projections/due_requests/due_requests.h"
#include "projections/effective/fact_groups.h"

namespace caseledger::projections {

// Whether the list needs the fact.
bool MattersToDueRequests(const event::v1::Fact& fact);

// The agency that recorded the event.
using AgencyOf = absl::FunctionRef<absl::StatusOr<std::string>(const Uuid& event_id)>;
// The deadlines that the agency works to at that time.
using DeadlinesOf =
    absl::FunctionRef<absl::StatusOr<v1::Deadlines>(const std::string& agency, Micros at)>;

// Requests that are listed, by key: those not at an end, and executed erasures. Errors are those
// of `agency_of` and `deadlines_of`; else pure.
absl::StatusOr<std::map<std::string, DueRequest>> FoldRequests(
    const Uuid& person_id, const std::vector<EffectiveFact>& in_order, AgencyOf agency_of,
    DeadlinesOf deadlines_of);

}  // namespace caseledger::projections
