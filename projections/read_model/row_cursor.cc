#include "projections/read_model/row_cursor.h"

#include "eventstore/base/status_macros.h"

namespace caseledger::projections {
namespace {

constexpr size_t kRowsAhead = 128;

}  // namespace

RowCursor::RowCursor(const ReadSnapshot& snapshot, std::string begin, std::string end)
    : snapshot_(snapshot), begin_(std::move(begin)), end_(std::move(end)) {}

absl::Status RowCursor::Next() {
  if (at_ < rows_.size()) ++at_;
  if (at_ < rows_.size() || exhausted_) return absl::OkStatus();
  return Fill();
}

absl::Status RowCursor::Fill() {
  rows_.clear();
  at_ = 0;
  RETURN_IF_ERROR(
      snapshot_.Scan(begin_, end_, [this](std::string_view key, std::string_view value) {
        rows_.emplace_back(key, value);
        return rows_.size() < kRowsAhead;
      }));
  exhausted_ = rows_.size() < kRowsAhead;
  // The next chunk begins right after the last key.
  if (!exhausted_) begin_ = rows_.back().first + '\0';
  return absl::OkStatus();
}

}  // namespace caseledger::projections
