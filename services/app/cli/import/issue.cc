#include "services/app/cli/import/issue.h"

#include <fmt/format.h>

namespace caseledger::cli {

std::string ToLine(const Issue& issue) {
  const std::string column = issue.column.empty() ? "" : issue.column + ": ";
  return fmt::format("{}:{}:{}: {}{}", issue.file, issue.at.line, issue.at.column, column,
                     issue.reason);
}

std::string ToName(IssueKind kind) {
  switch (kind) {
    case IssueKind::kBadRow:
      return "bad";
    case IssueKind::kDependent:
      return "dependent";
    case IssueKind::kRefused:
      return "refused";
    case IssueKind::kChanged:
      return "changed";
    case IssueKind::kUnknownColumn:
      return "unknown_column";
  }
  return "unknown";
}

}  // namespace caseledger::cli
