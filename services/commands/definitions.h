// Definitions loaded from files: checked as a whole before they are recorded, for the server acts
// on the logged text.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "caseledger/event/v1/fact.pb.h"

namespace caseledger::commands {

// Checks the text of a ReportDefinitionLoaded or DeadlinesLoaded fact and fills the version; leaves
// other facts alone. INVALID_ARGUMENT with line, column and reason; also when the record's name is
// not `report/ID` of the text's id.
absl::Status CompleteDefinition(event::v1::Fact& fact, const std::string& record_name);

}  // namespace caseledger::commands
