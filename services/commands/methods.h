// Which method of the public services a fact is sent by: the name that access rules know a command
// by, whether it comes as a call of its own, in a batch or in an import.
#pragma once

#include <string_view>

#include "services/commands/fact_schema.h"

namespace caseledger::commands {

// Such as `OpenCase` for a fact `case_opened`; "" for facts that no method takes.
std::string_view MethodOf(const Fact& fact);

}  // namespace caseledger::commands
