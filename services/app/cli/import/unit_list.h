// Lists of administrative units and of their predecessors as they are published.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "services/app/cli/import/dataset.h"
#include "services/app/cli/import/issue.h"

namespace caseledger::cli {

// Adds the units to the dataset, all of that version, as if they stood in its file `admin_units`:
// level, code, full name and code of the unit above. Wrong lines are reported with their place in
// the list.
//
// INVALID_ARGUMENT  there is no unit in it
absl::Status AddUnitList(std::string_view content, std::string_view version, Dataset& dataset,
                         Issues& issues);

// The same for what units took over, as the file `unit_predecessors`: version and code of the unit
// before, version and code of the unit after, share, source.
//
// INVALID_ARGUMENT  there is no predecessor in it
absl::Status AddPredecessorList(std::string_view content, Dataset& dataset, Issues& issues);

}  // namespace caseledger::cli
