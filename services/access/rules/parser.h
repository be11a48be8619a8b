// From the text of the rules to their table. README.md says how the text is written.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/access/rules/rule_table.h"

namespace caseledger::access {

inline constexpr size_t kMostRuleBytes = 100'000;
inline constexpr size_t kMostRules = 2'000;
inline constexpr size_t kMostRuleErrors = 24;

// What becomes of actions that the text does not decide, and of names that are no actions: errors,
// or nobody may do the ones and the others are passed over.
enum class Undecided { kIsWrong, kIsRefused };

// INVALID_ARGUMENT as Rules::Parse says.
absl::StatusOr<std::shared_ptr<const RuleTable>> ParseRules(std::string_view text,
                                                            const std::set<std::string>& actions,
                                                            Undecided undecided);

}  // namespace caseledger::access
