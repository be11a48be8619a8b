// Rows in an order in which they do not lie in their table: sorted when a list is asked for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/strings.h"

namespace caseledger::projections {

// More rows than anybody leafs through. Bounds what one page of a sorted list costs.
inline constexpr size_t kMostSortedRows = 5000;

template <typename Row>
struct SortedRow {
  std::string key;
  Row row;
};

// Takes all rows that fit a question and gives those of one page on, in order of their keys, which
// must differ. Not thread-safe.
template <typename Row>
class RowSorter {
 public:
  // `after`: key of the last row of the page before; "": none.
  explicit RowSorter(std::string after) : after_(std::move(after)) {}

  // False: there are too many, and no more need be given.
  bool Take(std::string key, Row row) {
    if (++fitting_ > kMostSortedRows) return false;
    if (key > after_) rows_.push_back({std::move(key), std::move(row)});
    return true;
  }

  // FAILED_PRECONDITION  SORT_NEEDS_FILTER: more than kMostSortedRows fit. `instead` says what to
  //                      ask for.
  absl::StatusOr<std::vector<SortedRow<Row>>> Sorted(std::string_view instead) && {
    if (fitting_ > kMostSortedRows) {
      return absl::FailedPreconditionError(StrCat("SORT_NEEDS_FILTER: more than ", kMostSortedRows,
                                                  " rows fit, too many to be sorted; ask for ",
                                                  instead));
    }
    std::sort(rows_.begin(), rows_.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
    return std::move(rows_);
  }

 private:
  const std::string after_;
  size_t fitting_ = 0;
  std::vector<SortedRow<Row>> rows_;
};

}  // namespace caseledger::projections
