#include "eventstore/base/status_macros.h"
#include "projections/data_quality/data_quality.h"
#include "projections/data_quality/layout.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/read_model/row_page.h"

namespace caseledger::projections {
namespace {

std::string SpaceOf(const FindingQuery& query) {
  if (!query.flag.empty()) {
    return KeyBuilder(data_quality::kFlagSpace).Text(query.flag).Take();
  }
  if (!query.agency.empty()) {
    return KeyBuilder(data_quality::kAgencySpace).Text(query.agency).Take();
  }
  return std::string(1, data_quality::kAllSpace);
}

}  // namespace

absl::StatusOr<FindingPage> ListFindings(const ReadSnapshot& snapshot, const FindingQuery& query) {
  const auto read = [&](std::string_view,
                        std::string_view value) -> absl::StatusOr<std::optional<Finding>> {
    ASSIGN_OR_RETURN(Finding finding, DecodeRow<Finding>(value));
    if (!query.agency.empty() && finding.agency != query.agency) return std::nullopt;
    return finding;
  };
  const std::string space = SpaceOf(query);
  const std::string question = KeyBuilder()
                                   .Text("data-quality@1")
                                   .Text(query.agency)
                                   .Text(query.flag)
                                   .Number(query.oldest_first ? 1 : 0)
                                   .Take();
  SortKey<Finding> sort_by;
  if (query.oldest_first) {
    sort_by = [](const Finding& finding) { return KeyBuilder().Number(finding.position).Take(); };
  }
  ASSIGN_OR_RETURN(RowPage<Finding> page,
                   ReadRowPage<Finding>(snapshot,
                                        {space, EndOfPrefix(space), question, query.page_size,
                                         query.page_token, /*now=*/0, &query.memo},
                                        read, sort_by));
  return FindingPage{std::move(page.rows), std::move(page.next_page_token),
                     snapshot.applied_events()};
}

}  // namespace caseledger::projections
