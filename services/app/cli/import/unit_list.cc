#include "services/app/cli/import/unit_list.h"

#include <string>

#include "services/app/cli/import/tab_list.h"

namespace caseledger::cli {
namespace {

absl::Status AddRows(std::string_view content, const TabList& list, const char* nothing,
                     Dataset& dataset, Issues& issues) {
  const absl::Status status = AddTabList(content, list, dataset, issues);
  return absl::IsInvalidArgument(status) && dataset.Get(list.table).rows.empty()
             ? absl::InvalidArgumentError(nothing)
             : status;
}

}  // namespace

absl::Status AddUnitList(std::string_view content, std::string_view version, Dataset& dataset,
                         Issues& issues) {
  // A unit of the highest level may leave out the last field.
  const TabList list{"admin_units", {1, TabList::kConstant, 0, 2, 3}, std::string(version), 1};
  return AddRows(content, list, "there is no unit in the list", dataset, issues);
}

absl::Status AddPredecessorList(std::string_view content, Dataset& dataset, Issues& issues) {
  const TabList list{"unit_predecessors", {0, 1, 2, 3, 4, 5}};
  return AddRows(content, list, "there is no predecessor in the list", dataset, issues);
}

}  // namespace caseledger::cli
