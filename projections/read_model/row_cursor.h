// Pulls rows one at a time out of a snapshot, whose Scan pushes them: for merging two scans.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// Reads ahead a bounded number of rows. Not thread-safe. The snapshot must outlive it.
class RowCursor {
 public:
  // Rows with begin <= key < end ("" end: to the table's end).
  RowCursor(const ReadSnapshot& snapshot, std::string begin, std::string end);

  // Moves to the next row; the first call to the first. OK also at the end. DATA_LOSS on damage.
  absl::Status Next();
  // Whether there is a row; false before the first Next.
  bool valid() const { return at_ < rows_.size(); }
  std::string_view key() const { return rows_[at_].first; }
  std::string_view value() const { return rows_[at_].second; }

 private:
  absl::Status Fill();

  const ReadSnapshot& snapshot_;
  std::string begin_;  // of the rows not read yet
  const std::string end_;
  std::vector<std::pair<std::string, std::string>> rows_;
  size_t at_ = 0;
  bool exhausted_ = false;
};

}  // namespace caseledger::projections
