// Lists as they are published, of one row a line, separated by tabs; empty lines and those that
// begin with `#` are left out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/app/cli/import/dataset.h"
#include "services/app/cli/import/issue.h"

namespace caseledger::cli {

struct TabList {
  static constexpr int kConstant = -1;

  std::string_view table;   // as which its rows are read
  std::vector<int> fields;  // of each column of the table: the field of a line, or kConstant
  std::string constant = {};
  size_t may_leave_out = 0;  // last fields that a line may leave out
};

// Adds the rows to the dataset as if they stood in the table's file. Wrong ones are reported with
// their place in the list.
//
// INVALID_ARGUMENT  there is no row in it
absl::Status AddTabList(std::string_view content, const TabList& list, Dataset& dataset,
                        Issues& issues);

}  // namespace caseledger::cli
