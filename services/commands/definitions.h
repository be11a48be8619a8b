// Definitions loaded from files: checked as a whole before they are recorded, for the server acts
// on the logged text.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "caseledger/event/v1/fact.pb.h"

namespace caseledger::commands {

// Name of the record that holds the rules of who may do what.
inline constexpr char kAccessRulesRecord[] = "access-rules";

// Checks the text of a ReportDefinitionLoaded, DeadlinesLoaded, RetentionRulesLoaded or
// AccessRulesLoaded fact and fills the version; leaves other facts alone. INVALID_ARGUMENT with
// line and reason, of rules every wrong line; also when the record's name is not `report/ID` of the
// text's id, or `access-rules`.
absl::Status CompleteDefinition(event::v1::Fact& fact, const std::string& record_name);

}  // namespace caseledger::commands
