// The read models of a ledger that need no key.
#pragma once

#include <string>
#include <vector>

#include "projections/runtime/runtime.h"

namespace caseledger::app {

// Of an access trail those of trails, else those of ledgers.
std::vector<projections::Runtime::Factory> ProjectionsOf(const std::string& ledger);

}  // namespace caseledger::app
