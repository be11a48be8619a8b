// Rows that one record or group of facts has in a table, replaced as a whole.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// Deletes the rows written before under `keys_key`, where their keys are kept, and writes these in
// their place: keys and values. DATA_LOSS when what is kept cannot be read.
absl::Status ReplaceRows(const std::string& keys_key,
                         const std::vector<std::pair<std::string, std::string>>& rows,
                         ReadModelBatch& batch);

}  // namespace caseledger::projections
