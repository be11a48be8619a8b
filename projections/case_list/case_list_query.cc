#include "eventstore/base/status_macros.h"
#include "projections/case_list/case_list.h"
#include "projections/case_list/layout.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/page.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {
namespace {

std::string QuestionOf(const CaseListQuery& query) {
  return KeyBuilder()
      .Text("case-list@1")
      .Text(query.owner_agency_id)
      .Text(query.phase)
      .Text(query.case_type)
      .Number(query.as_of_events)
      .Take();
}

bool Matches(const CaseRow& row, const CaseListQuery& query) {
  const auto fits = [](const std::string& filter, const std::string& value) {
    return filter.empty() || filter == value;
  };
  return fits(query.owner_agency_id, row.owner_agency_id) && fits(query.phase, row.phase) &&
         fits(query.case_type, row.case_type);
}

absl::StatusOr<PagePoint> FirstPoint(const ReadSnapshot& snapshot, const CaseListQuery& query) {
  if (!query.page_token.empty()) return ReadPageToken(QuestionOf(query), query.page_token);
  return PagePoint{query.as_of_events == kLatest ? snapshot.applied_events() : query.as_of_events,
                   ""};
}

}  // namespace

absl::StatusOr<CaseListPage> ListCases(const ReadSnapshot& snapshot, const CaseListQuery& query) {
  ASSIGN_OR_RETURN(const size_t page_size, PageSize(query.page_size));
  ASSIGN_OR_RETURN(const PagePoint point, FirstPoint(snapshot, query));
  CaseListPage page;
  page.reflected_events = point.as_of_events;
  // Keys of rows have one length, so this is the first key after the last one given.
  const std::string begin = point.after_key.empty() ? "" : point.after_key + '\0';
  // As of everything there is, ended versions need not be looked at.
  const uint64_t as_of =
      point.as_of_events == snapshot.applied_events() ? kLatest : point.as_of_events;
  std::string last_key;
  absl::Status damage;
  RETURN_IF_ERROR(case_list::kRows.Scan(
      snapshot, begin, "", as_of, [&](std::string_view key, std::string_view value) {
        absl::StatusOr<CaseRow> row = DecodeRow<CaseRow>(value);
        if (!row.ok()) {
          damage = row.status();
          return false;
        }
        if (!Matches(*row, query)) return true;
        if (page.cases.size() == page_size) {
          page.next_page_token = MakePageToken(QuestionOf(query), {point.as_of_events, last_key});
          return false;
        }
        last_key = key;
        page.cases.push_back(*std::move(row));
        return true;
      }));
  RETURN_IF_ERROR(damage);
  return page;
}

}  // namespace caseledger::projections
