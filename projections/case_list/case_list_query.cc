#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/case_list/case_list.h"
#include "projections/case_list/layout.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/page.h"
#include "projections/read_model/row_codec.h"
#include "projections/read_model/sorted_rows.h"

namespace caseledger::projections {
namespace {

using case_list::CaseFilter;

CaseFilter FilterOf(const CaseListQuery& query) {
  return {.agency = query.owner_agency_id,
          .worker = query.owner_worker_id,
          .phase = query.phase,
          .case_type = query.case_type};
}

std::string QuestionOf(const CaseListQuery& query) {
  return KeyBuilder()
      .Text("case-list@2")
      .Raw(FilterOf(query).Prefix())
      .Number(static_cast<uint64_t>(query.order))
      .Number(query.as_of_events)
      .Take();
}

absl::StatusOr<PagePoint> FirstPoint(const ReadSnapshot& snapshot, const CaseListQuery& query) {
  if (!query.page_token.empty()) return ReadPageToken(QuestionOf(query), query.page_token);
  return PagePoint{query.as_of_events == kLatest ? snapshot.applied_events() : query.as_of_events,
                   ""};
}

// What is read of the table: the cases that fit, as of a point.
struct Range {
  const ReadSnapshot& snapshot;
  CaseFilter filter;
  uint64_t as_of = kLatest;
};

using VisitCase = absl::FunctionRef<bool(std::string_view row_key, CaseRow row)>;

// Cases that fit, newest opened first, after the one with this key, until `visit` returns false.
absl::Status ScanAll(const Range& range, const std::string& after, VisitCase visit) {
  absl::Status trouble;
  // Keys of rows have one length, so this is the first key after the last one given.
  const std::string begin = after.empty() ? "" : after + '\0';
  RETURN_IF_ERROR(case_list::kRows.Scan(range.snapshot, begin, "", range.as_of,
                                        [&](std::string_view key, std::string_view value) {
                                          absl::StatusOr<CaseRow> row = DecodeRow<CaseRow>(value);
                                          trouble = row.status();
                                          return trouble.ok() && visit(key, *std::move(row));
                                        }));
  return trouble;
}

absl::StatusOr<CaseRow> RowAt(const Range& range, std::string_view row_key) {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                   case_list::kRows.Get(range.snapshot, row_key, range.as_of));
  if (stored.has_value()) return DecodeRow<CaseRow>(*stored);
  return absl::DataLossError(
      "the index of the case list names a case that is not there: "
      "rebuild the read model");
}

absl::Status Scan(const Range& range, const std::string& after, VisitCase visit) {
  if (range.filter.AsksForAll()) return ScanAll(range, after, visit);
  const std::string prefix = range.filter.Prefix();
  const std::string begin = after.empty() ? prefix : prefix + after + '\0';
  absl::Status trouble;
  RETURN_IF_ERROR(case_list::kIndex.Scan(range.snapshot, begin, EndOfPrefix(prefix), range.as_of,
                                         [&](std::string_view key, std::string_view /*value*/) {
                                           key.remove_prefix(prefix.size());
                                           absl::StatusOr<CaseRow> row = RowAt(range, key);
                                           trouble = row.status();
                                           return trouble.ok() && visit(key, *std::move(row));
                                         }));
  return trouble;
}

uint64_t RiskRank(const std::string& risk) {
  constexpr std::array kHighestFirst{"critical", "high", "medium", "low"};
  const auto* found = std::find(kHighestFirst.begin(), kHighestFirst.end(), risk);
  return static_cast<uint64_t>(found - kHighestFirst.begin());
}

// In order of these the cases are listed.
std::string KeyOf(CaseOrder order, const CaseRow& row, std::string_view row_key) {
  KeyBuilder key;
  switch (order) {
    case CaseOrder::kNewestOpened:
      break;
    case CaseOrder::kOldestOpened:
      key.Time(row.opened_at);
      break;
    case CaseOrder::kHighestRisk:
      key.Number(RiskRank(row.risk));
      break;
    case CaseOrder::kNewestClosed:
      key.TimeDescending(row.closed_at.value_or(std::numeric_limits<Micros>::min()));
      break;
  }
  return key.Raw(row_key).Take();
}

using Listed = SortedRow<CaseRow>;

// All that fit, sorted.
absl::StatusOr<SortMemo::Rows<CaseRow>> Sorted(const Range& range, CaseOrder order) {
  RowSorter<CaseRow> sorter;
  RETURN_IF_ERROR(Scan(range, "", [&](std::string_view row_key, CaseRow row) {
    std::string key = KeyOf(order, row, row_key);
    return sorter.Take(std::move(key), std::move(row));
  }));
  return std::move(sorter).Sorted();
}

// Those after `after`, up to `most` and one more, which tells that the list goes on.
absl::StatusOr<std::vector<Listed>> Listing(const Range& range, const CaseListQuery& query,
                                            const std::string& after, size_t most) {
  std::vector<Listed> listed;
  if (query.order == CaseOrder::kNewestOpened) {
    RETURN_IF_ERROR(Scan(range, after, [&](std::string_view row_key, CaseRow row) {
      listed.push_back({std::string(row_key), std::move(row)});
      return listed.size() <= most;
    }));
    return listed;
  }
  const std::string question =
      StrCat(range.snapshot.applied_events(), " ", range.as_of, " ", QuestionOf(query));
  ASSIGN_OR_RETURN(const SortMemo::Rows<CaseRow>* sorted,
                   query.memo.Get<CaseRow>(question, [&] { return Sorted(range, query.order); }));
  for (auto next = AfterKey(*sorted, after); next != sorted->end() && listed.size() <= most;
       ++next) {
    listed.push_back(*next);
  }
  return listed;
}

}  // namespace

absl::StatusOr<CaseListPage> ListCases(const ReadSnapshot& snapshot, const CaseListQuery& query) {
  if (!query.owner_worker_id.empty() && query.owner_agency_id.empty()) {
    return absl::InvalidArgumentError(
        "a worker is known by the name their agency gives them: name the agency, too");
  }
  ASSIGN_OR_RETURN(const size_t page_size, PageSize(query.page_size));
  ASSIGN_OR_RETURN(const PagePoint point, FirstPoint(snapshot, query));
  CaseListPage page;
  page.reflected_events = point.as_of_events;
  const Range range{
      .snapshot = snapshot,
      .filter = FilterOf(query),
      // As of everything there is, ended versions need not be looked at.
      .as_of = point.as_of_events == snapshot.applied_events() ? kLatest : point.as_of_events};
  ASSIGN_OR_RETURN(std::vector<Listed> listed, Listing(range, query, point.after_key, page_size));
  if (listed.size() > page_size) {
    page.next_page_token =
        MakePageToken(QuestionOf(query), {point.as_of_events, listed[page_size - 1].key});
    listed.resize(page_size);
  }
  for (Listed& one : listed) page.cases.push_back(std::move(one.row));
  return page;
}

}  // namespace caseledger::projections
