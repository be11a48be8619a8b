// The open code lists of the domain. Partners may be ahead of this program: an unknown code is kept
// and flagged.
#pragma once

#include <string>

namespace caseledger::commands {

// Whether `code` stands in the list of that name (`code_list` of options.proto). A list this
// program does not have knows every code.
bool IsKnownCode(const std::string& list, const std::string& code);

}  // namespace caseledger::commands
