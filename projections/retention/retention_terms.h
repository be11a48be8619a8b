// Retention rules, as the text of a `RetentionRules` gives them.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "caseledger/v1/retention.pb.h"
#include "eventstore/base/clock.h"

namespace caseledger::projections {

// DATA_LOSS when the text is no `RetentionRules` in protobuf text format; it was one when it was
// loaded.
absl::StatusOr<v1::RetentionRules> ReadRetentionRules(std::string_view text);

// The rule for cases of that type: its own, else the one for every type; null when there is none.
const v1::RetentionRule* RuleFor(const v1::RetentionRules& rules, std::string_view case_type);

// The first moment in which the rule no longer keeps a case closed then.
Micros DueAt(const v1::RetentionRule& rule, Micros closed_at);

}  // namespace caseledger::projections
