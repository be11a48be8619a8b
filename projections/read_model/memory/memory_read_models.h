// Read models in memory, for tests.
#pragma once

#include <memory>

#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// Thread-safe. A snapshot that lives during a commit makes that commit copy the table.
std::unique_ptr<ReadModelStore> NewMemoryReadModels();

}  // namespace caseledger::projections
