// What went wrong with a row, and where.
#pragma once

#include <string>
#include <vector>

#include "services/app/cli/text/csv.h"

namespace caseledger::cli {

enum class IssueKind {
  kBadRow,         // the row cannot be read
  kDependent,      // the row is good, but one it refers to is not
  kRefused,        // the server refused what the row says
  kChanged,        // the row was imported before and says something else now
  kUnknownColumn,  // a column nobody reads; the row is imported without it
};

// Never holds a cell's content: cells hold names and numbers of persons. Codes and ids may appear.
struct Issue {
  IssueKind kind = IssueKind::kBadRow;
  std::string file;
  TextPosition at;
  std::string column;  // name of the column, or ""
  std::string reason;
};

using Issues = std::vector<Issue>;

// `FILE:LINE:COLUMN: reason`.
std::string ToLine(const Issue& issue);

// `bad`, `dependent`, `refused`, `changed` or `unknown_column`.
std::string ToName(IssueKind kind);

}  // namespace caseledger::cli
