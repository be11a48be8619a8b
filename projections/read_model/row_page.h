// One page of a table's rows, for lists that keep a row for each of theirs: as the rows lie, or
// sorted when they are asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/read_model/page.h"
#include "projections/read_model/read_model.h"
#include "projections/read_model/sorted_rows.h"

namespace caseledger::projections {

// What rows a list is over, and which page of them is asked for.
struct RowsAsked {
  std::string space;     // what the keys of all of them begin with
  std::string end;       // beyond the last one: EndOfPrefix(space), or less
  std::string question;  // see MakePageToken
  int64_t page_size = 0;
  std::string page_token;
  Micros now = 0;                  // where that decides which rows fit
  const SortMemo* memo = nullptr;  // the query's; null: each page sorts again
};

// What a row is sorted by, as bytes of keys.h; rows of equal bytes come as they lie.
template <typename Row>
using SortKey = std::function<std::string(const Row& row)>;

template <typename Row>
struct RowPage {
  std::vector<Row> rows;
  std::string next_page_token;  // "" at the end
};

template <typename Row>
using ReadRow = absl::FunctionRef<absl::StatusOr<std::optional<Row>>(std::string_view key,
                                                                     std::string_view value)>;

// All rows that fit, in another order than that of the keys.
template <typename Row>
absl::StatusOr<SortMemo::Rows<Row>> SortAll(const ReadSnapshot& snapshot, const RowsAsked& asked,
                                            const SortKey<Row>& sort_by, ReadRow<Row> read) {
  RowSorter<Row> sorter;
  absl::Status trouble;
  const auto visit = [&](std::string_view key, std::string_view value) {
    absl::StatusOr<std::optional<Row>> row = read(key, value);
    trouble = row.status();
    if (!trouble.ok()) return false;
    if (!row->has_value()) return true;
    std::string sort_key = sort_by(**row);
    sort_key += key;
    return sorter.Take(std::move(sort_key), **std::move(row));
  };
  RETURN_IF_ERROR(snapshot.Scan(asked.space, asked.end, visit));
  RETURN_IF_ERROR(trouble);
  return std::move(sorter).Sorted();
}

// ReadRowPage of rows that are sorted.
template <typename Row>
absl::StatusOr<RowPage<Row>> ReadSortedPage(const ReadSnapshot& snapshot, const RowsAsked& asked,
                                            const SortKey<Row>& sort_by, ReadRow<Row> read) {
  ASSIGN_OR_RETURN(const size_t page_size, PageSize(asked.page_size));
  PagePoint point;
  if (!asked.page_token.empty()) {
    ASSIGN_OR_RETURN(point, ReadPageToken(asked.question, asked.page_token));
  }
  const SortMemo none;
  const SortMemo& memo = asked.memo == nullptr ? none : *asked.memo;
  const std::string question =
      StrCat(snapshot.applied_events(), " ", asked.now, " ", asked.question);
  ASSIGN_OR_RETURN(const SortMemo::Rows<Row>* sorted, memo.Get<Row>(question, [&] {
    return SortAll<Row>(snapshot, asked, sort_by, read);
  }));
  RowPage<Row> page;
  for (auto next = AfterKey(*sorted, point.after_key); next != sorted->end(); ++next) {
    if (page.rows.size() == page_size) {
      page.next_page_token =
          MakePageToken(asked.question, {snapshot.applied_events(), std::prev(next)->key});
      break;
    }
    page.rows.push_back(next->row);
  }
  return page;
}

// `read` makes a row of a key and its value; nullopt when the question does not ask for it. Without
// `sort_by` the rows come as they lie. `asked.question` must tell orders apart.
//
// INVALID_ARGUMENT     page size or token
// FAILED_PRECONDITION  SORT_NEEDS_FILTER: too many to be sorted
// and the errors of `read`
template <typename Row>
absl::StatusOr<RowPage<Row>> ReadRowPage(const ReadSnapshot& snapshot, const RowsAsked& asked,
                                         ReadRow<Row> read, const SortKey<Row>& sort_by = nullptr) {
  if (sort_by != nullptr) return ReadSortedPage<Row>(snapshot, asked, sort_by, read);
  ASSIGN_OR_RETURN(const size_t page_size, PageSize(asked.page_size));
  std::string begin = asked.space;
  if (!asked.page_token.empty()) {
    ASSIGN_OR_RETURN(PagePoint point, ReadPageToken(asked.question, asked.page_token));
    if (!point.after_key.starts_with(asked.space)) {
      return absl::InvalidArgumentError("the page token belongs to another question");
    }
    begin = std::move(point.after_key) + '\0';
  }
  RowPage<Row> page;
  // The end may have moved back since the token was made: then nothing is left.
  if (begin >= asked.end) return page;
  std::string last_key;
  absl::Status trouble;
  RETURN_IF_ERROR(
      snapshot.Scan(begin, asked.end, [&](std::string_view key, std::string_view value) {
        absl::StatusOr<std::optional<Row>> row = read(key, value);
        trouble = row.status();
        if (!trouble.ok()) return false;
        if (!row->has_value()) return true;
        if (page.rows.size() == page_size) {
          page.next_page_token =
              MakePageToken(asked.question, {snapshot.applied_events(), last_key});
          return false;
        }
        last_key = key;
        page.rows.push_back(**std::move(row));
        return true;
      }));
  RETURN_IF_ERROR(trouble);
  return page;
}

}  // namespace caseledger::projections
