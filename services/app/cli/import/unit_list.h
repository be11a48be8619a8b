// A list of administrative units as it is published: one unit a line, tab-separated, level, code,
// full name and code of the unit above; lines that begin with `#` are comments.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "services/app/cli/import/dataset.h"
#include "services/app/cli/import/issue.h"

namespace caseledger::cli {

// Adds the units to the dataset, all of that version, as if they stood in its file `admin_units`.
// Wrong lines are reported with their line in the list.
//
// INVALID_ARGUMENT  there is no unit in it
absl::Status AddUnitList(std::string_view content, std::string_view version, Dataset& dataset,
                         Issues& issues);

}  // namespace caseledger::cli
