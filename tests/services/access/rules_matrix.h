// Everything that rules say, as a table that a person can read.
#pragma once

#include <string>

#include "services/access/rules/rules.h"

namespace caseledger::testing {

// For each role and kind of record: one line for each action that is not refused everywhere, one
// column for no relation and for each relation that changes something.
std::string PrintMatrix(const access::Rules& rules);

// What the file of that path, below the top of the source tree, holds.
std::string FileText(const std::string& path);

}  // namespace caseledger::testing
