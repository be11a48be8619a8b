// What retention rules say of cases, for decisions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/log.h"
#include "services/domain/context.h"

namespace caseledger::commands {

// By the rules in force for the agency that owns each case: the newest text of the agency's own,
// else the default one. `rule`: id of the rule that somebody names. Not thread-safe.
absl::StatusOr<domain::RetentionVerdict> RetentionOf(eventstore::LedgerView& view,
                                                     const std::vector<eventstore::StreamId>& cases,
                                                     std::string_view rule, domain::Micros at);

}  // namespace caseledger::commands
