// Rows in an order in which they do not lie in their table: sorted when a list is asked for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::projections {

// More rows than anybody leafs through. Bounds what one page of a sorted list costs.
inline constexpr size_t kMostSortedRows = 5000;

template <typename Row>
struct SortedRow {
  std::string key;
  Row row;
};

// Takes all rows that fit a question and gives them in order of their keys, which must differ. Not
// thread-safe.
template <typename Row>
class RowSorter {
 public:
  // False: there are too many, and no more need be given.
  bool Take(std::string key, Row row) {
    if (rows_.size() == kMostSortedRows) is_too_much_ = true;
    if (!is_too_much_) rows_.push_back({std::move(key), std::move(row)});
    return !is_too_much_;
  }

  // FAILED_PRECONDITION  SORT_NEEDS_FILTER: more than kMostSortedRows fit
  absl::StatusOr<std::vector<SortedRow<Row>>> Sorted() && {
    if (is_too_much_) {
      return absl::FailedPreconditionError(
          StrCat("SORT_NEEDS_FILTER: more than ", kMostSortedRows,
                 " rows fit, too many to be sorted; filter them, or ask for the usual order"));
    }
    std::sort(rows_.begin(), rows_.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
    return std::move(rows_);
  }

 private:
  bool is_too_much_ = false;
  std::vector<SortedRow<Row>> rows_;
};

// What a question was sorted to, for whoever asks it again and again to fill one page: queries
// carry it, and copies of a query share it. Of one kind of row. Not thread-safe.
class SortMemo {
 public:
  template <typename Row>
  using Rows = std::vector<SortedRow<Row>>;

  // The rows of a question, which says all that they depend on: as they were sorted, or as `sort`
  // does it now. Valid until another question is sorted. The errors of `sort`.
  template <typename Row>
  absl::StatusOr<const Rows<Row>*> Get(const std::string& question,
                                       absl::FunctionRef<absl::StatusOr<Rows<Row>>()> sort) const {
    if (kept_->rows == nullptr || kept_->question != question) {
      ASSIGN_OR_RETURN(Rows<Row> rows, sort());
      kept_->rows = std::make_shared<const Rows<Row>>(std::move(rows));
      kept_->question = question;
    }
    return static_cast<const Rows<Row>*>(kept_->rows.get());
  }

 private:
  struct Kept {
    std::string question;
    std::shared_ptr<const void> rows;
  };
  std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();
};

// The first of the sorted rows whose key comes after that one.
template <typename Row>
auto AfterKey(const std::vector<SortedRow<Row>>& sorted, std::string_view key) {
  return std::upper_bound(
      sorted.begin(), sorted.end(), key,
      [](std::string_view after, const SortedRow<Row>& row) { return after < row.key; });
}

}  // namespace caseledger::projections
