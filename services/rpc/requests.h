// What every question has in common.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "services/commands/validation.h"

namespace caseledger::rpc {

// INVALID_ARGUMENT with all violations of the rules of its fields.
template <typename Request>
absl::Status CheckRequest(Clock& clock, const Request& request) {
  const std::vector<commands::Violation> violations = commands::Validate(request, clock.Now());
  return violations.empty() ? absl::OkStatus() : commands::InvalidRequest(violations);
}

}  // namespace caseledger::rpc
