// What every question has in common.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "services/commands/ledgers.h"
#include "services/commands/validation.h"

namespace caseledger::rpc {

// The ledger that a question names, once its fields keep their rules.
template <typename Request>
absl::StatusOr<commands::Ledger*> CheckAndFind(const commands::Ledgers& ledgers, Clock& clock,
                                               const Request& request) {
  const std::vector<commands::Violation> violations = commands::Validate(request, clock.Now());
  if (!violations.empty()) return commands::InvalidRequest(violations);
  return ledgers.Find(request.ledger());
}

}  // namespace caseledger::rpc
