// What deciding a command is going to look at, as far as the command itself says it.
#pragma once

#include "eventstore/log.h"
#include "services/commands/prepared_command.h"

namespace caseledger::commands {

// The record it is for, those its fact names, and names of records. What else is looked at (the
// caller's rights, what happened to those records) is not told beforehand.
eventstore::Foresight ForesightOf(const PreparedCommand& prepared);

}  // namespace caseledger::commands
