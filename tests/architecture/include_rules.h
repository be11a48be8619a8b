// Which folder may include which: proto <- eventstore <- projections <- services, and inside
// services domain <- commands <- rpc <- app, with access and timers beside commands.
#pragma once

#include <string>
#include <vector>

#include "tests/architecture/source_tree.h"

namespace caseledger::architecture {

// What is wrong with the includes of one file, one sentence each; empty when nothing is. Files
// outside eventstore/, projections/ and services/ may include anything.
std::vector<std::string> IncludeViolations(const SourceFile& file);

// Where a file of services/domain reads personal data or a clock. Other files give none.
std::vector<std::string> PurityViolations(const SourceFile& file);

}  // namespace caseledger::architecture
