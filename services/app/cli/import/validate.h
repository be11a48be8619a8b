// Checks rows before anything is sent: every wrong cell is reported, and rows that refer to a wrong
// row are left out with it.
#pragma once

#include "services/app/cli/import/dataset.h"
#include "services/app/cli/import/issue.h"

namespace caseledger::cli {

// Checks all rows, marks the wrong ones and reports why. A reference to a file that is not part of
// the import is left to the server. A contact stays good when only its case is wrong: just the link
// is left out then.
void Validate(Dataset& dataset, Issues& issues);

// Checks one row as `Validate` would, the rows it refers to included. The row need not be part of
// the data set. Returns whether it is good.
bool ValidateRow(const Dataset& dataset, const Row& row, Issues& issues);

// Whether a contact's link to its case can be made.
bool HasGoodCase(const Dataset& dataset, const Row& contact);

}  // namespace caseledger::cli
